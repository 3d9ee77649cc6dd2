// A client as they were written in 2020, over stubs made from io.podman.varlink beside it: one command, whose result is one line.
//
//	old_client ADDRESS images | pull NAME | push NAME DESTINATION | save NAME FILE | load FILE | import FILE NAME
//	                   | build FILE NAME | remove NAME | events SINCE UNTIL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/varlink/go/varlink"
	"iopodman"
)

type client struct {
	context.Context
	*varlink.Connection
}

func main() {
	ctx := context.Background()
	connection, err := varlink.NewConnection(ctx, os.Args[1])
	if err != nil {
		fail(err)
	}
	defer connection.Close()
	result, err := client{ctx, connection}.run(os.Args[2], os.Args[3:])
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

// Callers told errors apart by the types of the stubs.
func fail(err error) {
	switch known := err.(type) {
	case *iopodman.ImageNotFound:
		fmt.Fprintln(os.Stderr, known.Reason)
		os.Exit(1)
	case *iopodman.ErrorOccurred:
		fmt.Fprintln(os.Stderr, known.Reason)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
}

func (c client) run(command string, args []string) (interface{}, error) {
	switch command {
	case "images":
		return iopodman.ListImages().Call(c, c.Connection)
	case "pull":
		next, err := iopodman.PullImage().Send(c, c.Connection, varlink.More, args[0], iopodman.AuthConfig{})
		return last(c, next, err)
	case "push":
		next, err := iopodman.PushImage().Send(c, c.Connection, varlink.More, args[0], args[1], false, "", false, "")
		return last(c, next, err)
	case "save":
		return c.save(args[0], args[1])
	case "load":
		handle, err := c.send(args[0])
		if err != nil {
			return nil, err
		}
		next, err := iopodman.LoadImage().Send(c, c.Connection, varlink.More, "", handle, false, true)
		return last(c, next, err)
	case "import":
		handle, err := c.send(args[0])
		if err != nil {
			return nil, err
		}
		return iopodman.ImportImage().Call(c, c.Connection, handle, args[1], "", nil, true)
	case "build":
		handle, err := c.send(args[0])
		if err != nil {
			return nil, err
		}
		build := iopodman.BuildInfo{ContextDir: handle, Dockerfiles: []string{"Dockerfile"}, Output: args[1], Layers: true}
		next, err := iopodman.BuildImage().Send(c, c.Connection, varlink.More, build)
		return last(c, next, err)
	case "remove":
		return iopodman.RemoveImageWithResponse().Call(c, c.Connection, args[0], false)
	case "events":
		return c.events(args[0], args[1])
	}
	return nil, fmt.Errorf("no such command: %s", command)
}

// last reads a stream: its lines, and the id that comes in the end.
func last(ctx context.Context, next func(context.Context) (iopodman.MoreResponse, uint64, error), err error) (iopodman.MoreResponse, error) {
	var all iopodman.MoreResponse
	for flags := uint64(varlink.Continues); err == nil && flags&varlink.Continues != 0; {
		var reply iopodman.MoreResponse
		reply, flags, err = next(ctx)
		all.Logs = append(all.Logs, reply.Logs...)
		all.Id = reply.Id
	}
	return all, err
}

// send uploads a file; the calls that name it follow on the same connection.
func (c client) send(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	receive, err := iopodman.SendFile().Upgrade(c, c.Connection, "", int64(len(content)))
	if err != nil {
		return "", err
	}
	handle, _, stream, err := receive(c)
	if err != nil {
		return "", err
	}
	if _, err := stream.Write(c, content); err != nil {
		return "", err
	}
	acknowledged, err := stream.ReadBytes(c, ':')
	if err != nil {
		return "", err
	}
	if got := strings.TrimSuffix(string(acknowledged), ":"); got != handle {
		return "", fmt.Errorf("%s was acknowledged as %s", handle, got)
	}
	return handle, nil
}

func (c client) save(name, path string) (interface{}, error) {
	options := iopodman.ImageSaveOptions{Name: name, Format: "oci-archive", Output: path}
	next, err := iopodman.ImageSave().Send(c, c.Connection, varlink.More, options)
	saved, err := last(c, next, err)
	if err != nil {
		return nil, err
	}
	receive, err := iopodman.ReceiveFile().Upgrade(c, c.Connection, saved.Id, true)
	if err != nil {
		return nil, err
	}
	length, _, stream, err := receive(c)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	_, err = io.CopyN(file, reader{c, stream}, length)
	return length, err
}

type reader struct {
	ctx    context.Context
	stream varlink.ReadWriterContext
}

func (r reader) Read(buffer []byte) (int, error) {
	return r.stream.Read(r.ctx, buffer)
}

// events reads until the event in which nothing is said.
func (c client) events(since, until string) (interface{}, error) {
	next, err := iopodman.GetEvents().Send(c, c.Connection, varlink.More, nil, since, until)
	if err != nil {
		return nil, err
	}
	var events []iopodman.Event
	for {
		event, _, err := next(c)
		if err != nil || (event.Time == "" && event.Status == "" && event.Type == "") {
			return events, err
		}
		events = append(events, event)
	}
}
