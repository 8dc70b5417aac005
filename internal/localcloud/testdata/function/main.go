// Command function is a Lambda function that does as it is told.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

type request struct {
	// Do is "error", "exit", "panic", "sleep", "stray" or anything else.
	Do string
}

type answer struct {
	// Count is how many invocations this process has had.
	Count int
	// Left is how many whole seconds there are until the deadline.
	Left int
}

func main() {
	fmt.Println("initializing")
	if os.Getenv("FAIL") != "" {
		os.Exit(3)
	}
	count := 0
	lambda.Start(func(ctx context.Context, r request) (*answer, error) {
		count++
		fmt.Println("doing", r.Do)
		switch r.Do {
		case "error":
			return nil, errors.New("something is wrong")
		case "exit":
			os.Exit(7)
		case "panic":
			panic("help")
		case "sleep":
			time.Sleep(time.Hour)
		case "stray":
			// It dies with a request for its next invocation on its way.
			conn, err := net.Dial("tcp", os.Getenv("AWS_LAMBDA_RUNTIME_API"))
			if err != nil {
				return nil, err
			}
			_, _ = fmt.Fprint(conn, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n")
			os.Exit(7)
		}
		deadline, _ := ctx.Deadline()
		return &answer{Count: count, Left: int(time.Until(deadline).Round(time.Second).Seconds())}, nil
	})
}
