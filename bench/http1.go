package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// client speaks HTTP/1.1 on one connection, and no more of it than is needed:
// what it does not do is left for the servers on the same processors.
type client struct {
	net.Conn
	reader *bufio.Reader
}

func dialHTTP1(ctx context.Context, t target) (*client, error) {
	connection, err := t.dial(ctx, nil, "http/1.1")
	if err != nil {
		return nil, err
	}
	return &client{Conn: connection, reader: bufio.NewReaderSize(connection, 16<<10)}, nil
}

func get(path string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: " + hostname + "\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
}

// do sends a request and reads its answer, of which it tells each part.
func (c *client) do(request []byte, read func(n int) bool) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	return c.answer(read)
}

func (c *client) answer(read func(n int) bool) error {
	length, err := c.header("200")
	if err != nil {
		return err
	}
	for length > 0 {
		if c.reader.Buffered() == 0 {
			if _, err := c.reader.Peek(1); err != nil {
				return err
			}
		}
		n, err := c.reader.Discard(min(length, c.reader.Buffered()))
		if err != nil {
			return err
		}
		length -= n
		if read != nil && !read(n) {
			return errEnough
		}
	}
	return nil
}

// header reads an answer's header, which must have the status, and answers
// the body's length.
func (c *client) header(status string) (int, error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 "+status)) {
		return 0, fmt.Errorf("the answer is %q", line)
	}
	length := -1
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) == 2 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 && status == "200" {
		return 0, errors.New("the answer does not say how long it is")
	}
	return length, nil
}

// small asks for the small answer, one after the other on each connection.
func small(connections int) load {
	request := get(smallPath)
	return func(ctx context.Context, t target) ([]worker, error) {
		return parallel(connections, func(int) (worker, error) {
			c, err := dialHTTP1(ctx, t)
			if err != nil {
				return nil, err
			}
			return func(r *recorder) error {
				defer c.Close()
				for {
					begun := time.Now()
					if err := c.do(request, nil); err != nil {
						return err
					}
					if !r.add(begun) {
						return nil
					}
				}
			}, nil
		})
	}
}

// handshakes opens a connection for each request.
func handshakes(atOnce int) load {
	request := get(smallPath)
	return func(ctx context.Context, t target) ([]worker, error) {
		one := func() error {
			c, err := dialHTTP1(ctx, t)
			if err != nil {
				return err
			}
			defer c.Close()
			return c.do(request, nil)
		}
		return parallel(atOnce, func(int) (worker, error) {
			return func(r *recorder) error {
				for {
					begun := time.Now()
					if err := one(); err != nil {
						return err
					}
					if !r.add(begun) {
						return nil
					}
				}
			}, nil
		})
	}
}

// download1 fetches the large body again and again by HTTP/1.1.
func download1(ctx context.Context, t target) ([]worker, error) {
	c, err := dialHTTP1(ctx, t)
	if err != nil {
		return nil, err
	}
	request := get(largePath)
	return []worker{func(r *recorder) error {
		defer c.Close()
		for {
			if err := c.do(request, r.addBytes); err != nil {
				return enough(err)
			}
		}
	}}, nil
}

// upload1 sends a large body again and again by HTTP/1.1.
func upload1(ctx context.Context, t target) ([]worker, error) {
	c, err := dialHTTP1(ctx, t)
	if err != nil {
		return nil, err
	}
	header := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nContent-Length: %d\r\n\r\n", uploadPath, hostname, largeBytes)
	block := make([]byte, 64<<10)
	return []worker{func(r *recorder) error {
		defer c.Close()
		for {
			if _, err := c.Write(header); err != nil {
				return err
			}
			for range largeBytes / len(block) {
				if _, err := c.Write(block); err != nil {
					return err
				}
				if !r.addBytes(len(block)) {
					return nil
				}
			}
			if err := c.answer(nil); err != nil {
				return err
			}
		}
	}}, nil
}

// errEnough has a worker stop that was told to.
var errEnough = errors.New("enough")

func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
