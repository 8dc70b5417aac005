package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// window is what the client lets a server send before it hears of it again:
// much, so that the server's own limits are what is measured.
const window = 1<<31 - 1

// firstWindow is what each side may send before it is told more (RFC 9113,
// section 6.9.2).
const firstWindow = 65535

// client2 speaks HTTP/2 on one connection, and no more of it than is needed.
type client2 struct {
	net.Conn
	framer  *http2.Framer
	reader  *bufio.Reader
	writer  *bufio.Writer
	encoder *hpack.Encoder
	block   bytes.Buffer
	next    uint32
	// initial is how much the server lets us send on each new stream.
	initial int64
	// writing is held while frames are written.
	writing sync.Mutex
}

func dialHTTP2(ctx context.Context, t target, wrap func(net.Conn) net.Conn) (*client2, error) {
	connection, err := t.dial(ctx, wrap, "h2")
	if err != nil {
		return nil, err
	}
	c := &client2{
		Conn: connection, reader: bufio.NewReaderSize(connection, 64<<10), writer: bufio.NewWriterSize(connection, 64<<10),
		next: 1, initial: firstWindow,
	}
	c.encoder = hpack.NewEncoder(&c.block)
	c.framer = http2.NewFramer(c.writer, c.reader)
	c.framer.SetReuseFrames()
	_, err = c.writer.WriteString(http2.ClientPreface)
	err = errors.Join(err,
		c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}),
		c.framer.WriteWindowUpdate(0, window-firstWindow), c.writer.Flush())
	// The server's settings are its first frame.
	if err == nil {
		_, err = c.read()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// open begins a stream with a request, which is sent by the next flush.
func (c *client2) open(method, path string, end bool) (uint32, error) {
	c.block.Reset()
	for _, field := range [][2]string{
		{":method", method}, {":scheme", "https"}, {":authority", hostname}, {":path", path}, {"user-agent", "bench"}, {"accept", "*/*"},
	} {
		if err := c.encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			return 0, err
		}
	}
	id := c.next
	c.next += 2
	return id, c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block.Bytes(), EndHeaders: true, EndStream: end})
}

// read reads a frame and does what it asks for, as to the connection.
func (c *client2) read() (http2.Frame, error) {
	frame, err := c.framer.ReadFrame()
	if err != nil {
		return nil, err
	}
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			break
		}
		if v, ok := f.Value(http2.SettingInitialWindowSize); ok {
			c.initial = int64(v)
		}
		return frame, c.write(c.framer.WriteSettingsAck)
	case *http2.PingFrame:
		if !f.IsAck() {
			return frame, c.write(func() error { return c.framer.WritePing(true, f.Data) })
		}
	case *http2.HeadersFrame:
		// Static entry 8 of RFC 7541 is :status 200, and status comes first;
		// before it may be a byte or two on the table's size.
		if block := f.HeaderBlockFragment(); bytes.IndexByte(block[:min(3, len(block))], 0x88) < 0 {
			return nil, errors.New("the answer's status is not 200")
		}
	case *http2.RSTStreamFrame:
		return nil, fmt.Errorf("the server resets a stream: %v", f.ErrCode)
	case *http2.GoAwayFrame:
		return nil, fmt.Errorf("the server closes the connection: %v %s", f.ErrCode, f.DebugData())
	}
	return frame, nil
}

// write writes frames and sends them.
func (c *client2) write(frames func() error) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return errors.Join(frames(), c.writer.Flush())
}

// ended answers the stream that a frame ends.
func ended(frame http2.Frame) (uint32, bool) {
	switch f := frame.(type) {
	case *http2.DataFrame:
		return f.StreamID, f.StreamEnded()
	case *http2.HeadersFrame:
		return f.StreamID, f.StreamEnded()
	}
	return 0, false
}

// streams asks for the small answer on connections with so many streams each,
// a new one for each that ends.
func streams(connections, each int) load {
	return func(ctx context.Context, t target) ([]worker, error) {
		return parallel(connections, func(int) (worker, error) {
			c, err := dialHTTP2(ctx, t, nil)
			if err != nil {
				return nil, err
			}
			return func(r *recorder) error {
				defer c.Close()
				return c.keepOpen(r, each)
			}, nil
		})
	}
}

func (c *client2) keepOpen(r *recorder, streams int) error {
	begun := make(map[uint32]time.Time, streams)
	var carried uint32
	for {
		for len(begun) < streams {
			id, err := c.open("GET", smallPath, true)
			if err != nil {
				return err
			}
			begun[id] = time.Now()
		}
		if err := c.writer.Flush(); err != nil {
			return err
		}
		// All that came at once is read before anything is sent.
		for first := true; first || c.reader.Buffered() > 0; first = false {
			frame, err := c.read()
			if err != nil {
				return err
			}
			if d, ok := frame.(*http2.DataFrame); ok {
				carried += d.Length
			}
			id, end := ended(frame)
			if !end {
				continue
			}
			if !r.add(begun[id]) {
				return nil
			}
			delete(begun, id)
		}
		if carried > 1<<20 {
			if err := c.framer.WriteWindowUpdate(0, carried); err != nil {
				return err
			}
			carried = 0
		}
	}
}
