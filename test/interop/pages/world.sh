# A machine of its own for one page: a copy of this one's file system that is thrown away, no network, no other processes.
# Arguments: an empty directory, the checkout, the registries' files, their
# ports. Reads the commands of the page from standard input.
set -eu
world=$1 checkout=$2 hub=$3 ports=$4

# Both layers lie in memory: an overlay can be the lower layer of another one, never the upper.
mount -t tmpfs tmpfs "$world"
overlay() { # LOWER NAME WHERE
  mkdir -p "$world/$2" "$world/$2.work" "$3"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$world/$2,workdir=$world/$2.work" "$3"
}
overlay / system "$world/root"
cd "$world/root"
for place in tmp run var/tmp root home srv var/lib/containers; do
  mkdir -p "$place"
  mount -t tmpfs tmpfs "$place"
done
chmod 755 run home srv var/lib/containers
chmod 700 root
# After those that may be above it.
overlay "$checkout" checkout "$world/root$checkout"
overlay "$hub" hub "$world/root/run/page/hub"
mkdir run/page/control
mount --bind "$hub/../control" run/page/control
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mkdir .before
pivot_root . .before
umount --lazy .before
rmdir .before
ip link set lo up

# Pages have users beside root, who need to get at what npm link would have put into /usr.
parent=$checkout
while [ "$parent" != / ]; do
  chmod a+rx "$parent"
  parent=$(dirname "$parent")
done

# What npm link, a distribution's containers-common and a registry at the end of the line would bring.
printf '#!/bin/sh\nexec node "%s/dist/%s.js" "$@"\n' "$checkout" imaged > /usr/local/bin/imaged
printf '#!/bin/sh\nexec node "%s/dist/%s.js" "$@"\n' "$checkout" imagectl > /usr/local/bin/imagectl
chmod 755 /usr/local/bin/imaged /usr/local/bin/imagectl
rm -rf /etc/containers
mkdir -p /etc/containers/registries.conf.d /etc/containers/registries.d /run/imaged
cp /run/page/hub/containers.conf /run/page/hub/policy.json /etc/containers/
echo 'unqualified-search-registries = ["docker.io"]' > /etc/containers/registries.conf
cat /run/page/hub/hosts >> /etc/hosts
for port in $ports; do
  if [ "$port" != 22 ]; then
    docker-registry serve "/run/page/hub/$port.yml" > "/run/page/$port.log" 2>&1 &
    continue
  fi
  # The other hosts of a page are this one: its root may log in, and knows their key.
  mkdir -p -m 700 /root/.ssh /run/sshd
  cp /run/page/hub/ssh-user /root/.ssh/id_ed25519
  cp /run/page/hub/ssh-user.pub /root/.ssh/authorized_keys
  echo "*.example.org,*.example.com $(cat /run/page/hub/ssh-host.pub)" > /root/.ssh/known_hosts
  /usr/sbin/sshd -f /dev/null -h /run/page/hub/ssh-host -o UsePAM=no -o ListenAddress=127.0.0.1 -E /run/page/sshd.log
done

# Packages a program of the page imports.
mkdir -p /root/page /root/node_modules/.bin /root/node_modules/@types
ln -s "$checkout" /root/node_modules/imaged
ln -s "$checkout/dist/imagectl" /root/node_modules/imagectl
ln -s "$checkout/dist/imaged-idl.js" /root/node_modules/.bin/imaged-idl
for name in typescript @types/node .bin/tsc; do ln -s "$checkout/node_modules/$name" "/root/node_modules/$name"; done

cd /root/page
exec bash --noprofile --norc
