// org.example.probe over Go's varlink: a server and a client for the interop tests and the bench.
// Stubs are made by varlink-go-interface-generator from org.example.probe.varlink when it is built.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/varlink/go/varlink"
	"orgexampleprobe"
)

type probe struct {
	orgexampleprobe.VarlinkInterface
	counter int64
}

func (p *probe) EchoInt(ctx context.Context, c orgexampleprobe.VarlinkCall, value int64) error {
	return c.ReplyEchoInt(ctx, value)
}

func (p *probe) EchoString(ctx context.Context, c orgexampleprobe.VarlinkCall, value string) error {
	return c.ReplyEchoString(ctx, value)
}

func (p *probe) EchoObject(ctx context.Context, c orgexampleprobe.VarlinkCall, value json.RawMessage) error {
	return c.ReplyEchoObject(ctx, value)
}

func (p *probe) EchoNullable(ctx context.Context, c orgexampleprobe.VarlinkCall, value *string) error {
	return c.ReplyEchoNullable(ctx, value)
}

func (p *probe) EchoEverything(ctx context.Context, c orgexampleprobe.VarlinkCall, value orgexampleprobe.Everything) error {
	return c.ReplyEchoEverything(ctx, value)
}

func (p *probe) Stream(ctx context.Context, c orgexampleprobe.VarlinkCall, count int64, size int64) error {
	payload := strings.Repeat("x", int(size))
	for index := int64(0); index < count; index++ {
		c.Continues = index < count-1
		if err := c.ReplyStream(ctx, index, payload); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) Increment(ctx context.Context, c orgexampleprobe.VarlinkCall) error {
	p.counter++
	return c.ReplyIncrement(ctx)
}

func (p *probe) Counter(ctx context.Context, c orgexampleprobe.VarlinkCall) error {
	return c.ReplyCounter(ctx, p.counter)
}

func (p *probe) Fail(ctx context.Context, c orgexampleprobe.VarlinkCall, code int64, message *string) error {
	return c.ReplyFailed(ctx, code, message)
}

func serve(ctx context.Context, address string) error {
	service, err := varlink.NewService("Example", "probe", "1", "https://example.org")
	if err != nil {
		return err
	}
	if err := service.RegisterInterface(orgexampleprobe.VarlinkNew(&probe{})); err != nil {
		return err
	}
	return service.Listen(ctx, address, 0)
}

// Calls what every server of the interface does; the first answer that is not as it should be ends it.
func call(ctx context.Context, address string) error {
	c, err := varlink.NewConnection(ctx, address)
	if err != nil {
		return err
	}
	defer c.Close()

	var vendor, product, version, url string
	var interfaces []string
	if err := c.GetInfo(ctx, &vendor, &product, &version, &url, &interfaces); err != nil {
		return fmt.Errorf("GetInfo: %w", err)
	}
	if !strings.Contains(strings.Join(interfaces, " "), "org.example.probe") {
		return fmt.Errorf("GetInfo: interfaces %v", interfaces)
	}
	description, err := c.GetInterfaceDescription(ctx, "org.example.probe")
	if err != nil {
		return fmt.Errorf("GetInterfaceDescription: %w", err)
	}
	if !strings.Contains(description, "\ninterface org.example.probe\n") {
		return fmt.Errorf("GetInterfaceDescription: %s", description)
	}

	integer, err := orgexampleprobe.EchoInt().Call(ctx, c, -9007199254740991)
	if err != nil || integer != -9007199254740991 {
		return fmt.Errorf("EchoInt: %v %w", integer, err)
	}
	text, err := orgexampleprobe.EchoString().Call(ctx, c, "grüße \x00 \u2028 😀")
	if err != nil || text != "grüße \x00 \u2028 😀" {
		return fmt.Errorf("EchoString: %q %w", text, err)
	}
	nothing, err := orgexampleprobe.EchoNullable().Call(ctx, c, nil)
	if err != nil || nothing != nil {
		return fmt.Errorf("EchoNullable: %v %w", nothing, err)
	}

	receive, err := orgexampleprobe.Stream().Send(ctx, c, varlink.More, 3, 5)
	if err != nil {
		return fmt.Errorf("Stream: %w", err)
	}
	for index := int64(0); index < 3; index++ {
		got, payload, flags, err := receive(ctx)
		continues := flags&varlink.Continues != 0
		if err != nil || got != index || payload != "xxxxx" || continues != (index < 2) {
			return fmt.Errorf("Stream: %v %q %v %w", got, payload, continues, err)
		}
	}

	if _, err := orgexampleprobe.Increment().Send(ctx, c, varlink.Oneway); err != nil {
		return fmt.Errorf("Increment: %w", err)
	}
	count, err := orgexampleprobe.Counter().Call(ctx, c)
	if err != nil || count != 1 {
		return fmt.Errorf("Counter: %v %w", count, err)
	}

	message := "wanted"
	err = orgexampleprobe.Fail().Call(ctx, c, 7, &message)
	failed, isFailed := err.(*orgexampleprobe.Failed)
	if !isFailed || failed.Code != 7 || failed.Message == nil || *failed.Message != message {
		return fmt.Errorf("Fail: %w", err)
	}
	err = orgexampleprobe.Unimplemented().Call(ctx, c)
	if _, ok := err.(*varlink.MethodNotImplemented); !ok {
		return fmt.Errorf("Unimplemented: %w", err)
	}
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: probe server|client ADDRESS")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	run := map[string]func(context.Context, string) error{"server": serve, "client": call}[os.Args[1]]
	if err := run(ctx, os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
