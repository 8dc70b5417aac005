// Package awserr recognises AWS errors by their code.
package awserr

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// Is tells whether AWS answered with one of these error codes.
func Is(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}

// Says tells whether AWS answered with this code and a message that holds
// text. It is for codes that stand for too many things.
func Says(err error, code, text string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code && strings.Contains(api.ErrorMessage(), text)
}

// IsAccessDenied tells whether the caller lacks a permission.
func IsAccessDenied(err error) bool {
	return Is(err, "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "UnauthorizedOperation", "Forbidden", "403")
}
