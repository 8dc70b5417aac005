package taskdnstest

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// pageToken names the place where the next page of a list starts: after a key.
// It is good for the same question only.
func pageToken(operation, question, after string) string {
	return base64.URLEncoding.EncodeToString([]byte(operation + "\n" + question + "\n" + after))
}

// pageStart is the key after which a page starts, "" for the first.
func pageStart(operation, question string, token *string) (string, error) {
	if token == nil {
		return "", nil
	}
	text, err := base64.URLEncoding.DecodeString(aws.ToString(token))
	after, ok := strings.CutPrefix(string(text), operation+"\n"+question+"\n")
	if err != nil || !ok || after == "" {
		return "", errors.New("a token of another question")
	}
	return after, nil
}
