package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// renewNow is the payload that has the function renew at once.
const renewNow = `{"force":true}`

// renew has the certificate renewed, and waits until the proxy serves the new
// one, while the websocket stays open.
func (d *demo) renew(ctx context.Context) error {
	url := d.proxy.url("https", d.task.name) + "/"
	before, err := d.get(ctx, url, d.dial)
	if err != nil {
		return err
	}
	old := serial(before.TLS)
	function := d.results.Function.Value
	_, name, _ := strings.Cut(function, ":function:")
	asked := time.Now()
	out, err := lambda.NewFromConfig(d.aws).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(function), Payload: []byte(renewNow)})
	if err != nil {
		return fmt.Errorf("invoking function (%s): %w", function, err)
	}
	if out.FunctionError != nil {
		return fmt.Errorf("renewing the certificate: %s", out.Payload)
	}
	renewed := time.Now()
	var after answer
	served, err := d.await(ctx, "for the proxy to serve the new certificate", func(ctx context.Context) (bool, error) {
		after, err = d.get(ctx, url, d.dial)
		return err == nil && serial(after.TLS) != old, err
	})
	if err != nil {
		return err
	}
	if err := d.echoes("are you still there?"); err != nil {
		return err
	}
	conn, ok := d.websocket.NetConn().(*tls.Conn)
	if !ok {
		return errors.New("talking over the websocket: its connection is not TLS")
	}
	state := conn.ConnectionState()
	if serial(&state) != old {
		return fmt.Errorf("the websocket's certificate is %s, want %s: it is another connection", serial(&state), old)
	}
	d.screen.fact("A new connection before   serial %s", old)
	d.screen.fact("Function %s invoked with %s: renewed in %.1f s", name, renewNow, renewed.Sub(asked).Seconds())
	d.screen.fact("A new connection after    serial %s, %.1f s later", serial(after.TLS), served.Sub(renewed).Seconds())
	d.screen.fact("The proxy was not started again, and the websocket, opened with %s, still echoes.", old)
	return nil
}
