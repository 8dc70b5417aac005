package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// download2 fetches the large body again and again by HTTP/2.
func download2(ctx context.Context, t target) ([]worker, error) {
	c, err := dialHTTP2(ctx, t, nil)
	if err != nil {
		return nil, err
	}
	return []worker{func(r *recorder) error {
		defer c.Close()
		for {
			if err := c.download(r); err != nil {
				return enough(err)
			}
		}
	}}, nil
}

func (c *client2) download(r *recorder) error {
	err := c.write(func() error {
		_, err := c.open("GET", largePath, true)
		return err
	})
	if err != nil {
		return err
	}
	for {
		frame, err := c.read()
		if err != nil {
			return err
		}
		if d, ok := frame.(*http2.DataFrame); ok && !r.addBytes(len(d.Data())) {
			return errEnough
		}
		if _, end := ended(frame); end {
			return c.write(func() error { return c.framer.WriteWindowUpdate(0, largeBytes) })
		}
	}
}

// upload2 sends a large body again and again by HTTP/2, from as far away as a
// round trip takes.
func upload2(roundTrip time.Duration) load {
	return func(ctx context.Context, t target) ([]worker, error) {
		c, err := dialHTTP2(ctx, t, func(connection net.Conn) net.Conn { return farAway(ctx, connection, roundTrip) })
		if err != nil {
			return nil, err
		}
		return []worker{func(r *recorder) error {
			defer c.Close()
			u := &upload{client2: c, connection: firstWindow, streams: map[uint32]int64{}}
			u.changed = sync.NewCond(&u.mu)
			go u.listen()
			for {
				if err := u.send(r); err != nil {
					return enough(err)
				}
			}
		}}, nil
	}
}

// upload sends bodies as fast as the server's windows allow.
type upload struct {
	*client2
	mu      sync.Mutex
	changed *sync.Cond
	// connection and streams are what may be sent.
	connection int64
	streams    map[uint32]int64
	answered   uint32
	failed     error
}

// listen reads until the connection ends.
func (u *upload) listen() {
	for {
		frame, err := u.read()
		u.mu.Lock()
		switch f := frame.(type) {
		case *http2.WindowUpdateFrame:
			if f.StreamID == 0 {
				u.connection += int64(f.Increment)
			} else {
				u.streams[f.StreamID] += int64(f.Increment)
			}
		default:
			if id, end := ended(frame); end {
				u.answered = id
			}
		}
		u.failed = err
		u.changed.Broadcast()
		u.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// send sends one body and waits for its answer.
func (u *upload) send(r *recorder) error {
	var id uint32
	err := u.write(func() (err error) {
		u.mu.Lock()
		defer u.mu.Unlock()
		id, err = u.open("POST", uploadPath, false)
		u.streams[id] += u.initial
		return err
	})
	if err != nil {
		return err
	}
	// As much as a frame may have unless the server says otherwise.
	block := make([]byte, 16<<10)
	for left := largeBytes; left > 0; {
		n, err := u.allowance(id, min(left, len(block)))
		if err != nil {
			return err
		}
		left -= n
		if err := u.write(func() error { return u.framer.WriteData(id, left == 0, block[:n]) }); err != nil {
			return err
		}
		if !r.addBytes(n) {
			return errEnough
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for u.answered != id && u.failed == nil {
		u.changed.Wait()
	}
	return u.failed
}

// allowance takes up to n bytes from the windows, once they have any.
func (u *upload) allowance(id uint32, n int) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for u.failed == nil && (u.connection <= 0 || u.streams[id] <= 0) {
		u.changed.Wait()
	}
	n = int(min(int64(n), u.connection, u.streams[id]))
	u.connection -= int64(n)
	u.streams[id] -= int64(n)
	return n, u.failed
}

// farAway delays what comes from a connection by a round trip, and so all
// that waits for an answer. A round trip of none leaves it as it is.
func farAway(ctx context.Context, connection net.Conn, roundTrip time.Duration) net.Conn {
	if roundTrip == 0 {
		return connection
	}
	f := &far{Conn: connection, arrived: make(chan arrival, 1<<16)}
	go func() {
		defer close(f.arrived)
		for {
			block := make([]byte, 16<<10)
			n, err := connection.Read(block)
			select {
			case f.arrived <- arrival{block[:n], err, time.Now().Add(roundTrip)}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return f
}

type arrival struct {
	data []byte
	err  error
	due  time.Time
}

// far is a connection whose other end is far away.
type far struct {
	net.Conn
	arrived chan arrival
	now     arrival
}

func (f *far) Read(p []byte) (int, error) {
	if len(f.now.data) == 0 {
		next, ok := <-f.arrived
		if !ok {
			return 0, errors.New("the connection has ended")
		}
		time.Sleep(time.Until(next.due))
		f.now = next
	}
	n := copy(p, f.now.data)
	f.now.data = f.now.data[n:]
	if len(f.now.data) == 0 {
		return n, f.now.err
	}
	return n, nil
}
