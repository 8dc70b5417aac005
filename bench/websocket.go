package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// messageBytes is how long a message is, with what a frame would add.
const messageBytes = 64

// dialWebsocket connects and has the connection upgraded.
func dialWebsocket(ctx context.Context, t target) (*client, error) {
	c, err := dialHTTP1(ctx, t)
	if err != nil {
		return nil, err
	}
	request := "GET " + echoPath + " HTTP/1.1\r\nHost: " + hostname + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if _, err := c.header("101"); err != nil {
		return nil, errors.Join(fmt.Errorf("upgrading to a websocket: %w", err), c.Close())
	}
	return c, nil
}

// exchange sends a message and waits for its echo.
func (c *client) exchange(message []byte) error {
	if _, err := c.Write(message); err != nil {
		return err
	}
	_, err := io.ReadFull(c.reader, message)
	return err
}

// messages has each websocket exchange so many messages a second.
func messages(websockets, each int) load {
	pause := time.Second / time.Duration(each)
	return func(ctx context.Context, t target) ([]worker, error) {
		return parallel(websockets, func(int) (worker, error) {
			c, err := dialWebsocket(ctx, t)
			if err != nil {
				return nil, err
			}
			return func(r *recorder) error {
				defer c.Close()
				message := make([]byte, messageBytes)
				next := time.Now().Add(rand.N(pause))
				for {
					if err := sleep(ctx, time.Until(next)); err != nil {
						return err
					}
					begun := time.Now()
					if err := c.exchange(message); err != nil {
						return err
					}
					if !r.add(begun) {
						return nil
					}
					next = next.Add(pause)
				}
			}, nil
		})
	}
}

// idle opens websockets, has each exchange one message, and leaves them open
// until the context ends.
func idle(ctx context.Context, t target, websockets int) error {
	_, err := parallel(websockets, func(int) (worker, error) {
		c, err := dialWebsocket(ctx, t)
		if err != nil {
			return nil, err
		}
		return nil, c.exchange(make([]byte, messageBytes))
	})
	return err
}
