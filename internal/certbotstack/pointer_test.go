package certbotstack_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

func TestReadPointer(t *testing.T) {
	t.Parallel()
	pointer := func(prefix, version string) string {
		text, err := json.Marshal(certbot.Pointer{
			Version:     version,
			Key:         certbot.PointedObject{ObjectKey: prefix + "versions/" + version + "/key.pem"},
			Certificate: certbot.PointedObject{ObjectKey: prefix + "versions/" + version + "/cert.pem"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, test := range map[string]struct {
		text, want string
	}{
		"a version":                {pointer("a/", "4a1f"), ""},
		"none":                     {"", certbotstack.ErrNoPointer.Error()},
		"no JSON":                  {"{", "decoding pointer object"},
		"no version":               {`{}`, "not of a version below a/"},
		"another's objects":        {pointer("b/", "4a1f"), "not of a version below a/"},
		"another version's key":    {strings.Replace(pointer("a/", "4a1f"), "4a1f/key", "4a20/key", 1), "not of a version below a/"},
		"another version's object": {strings.Replace(pointer("a/", "4a1f"), "4a1f/cert", "4a20/cert", 1), "not of a version below a/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bucket{}
			if test.text != "" {
				b["a/current.json"] = []byte(test.text)
			}
			p, err := certbotstack.ReadPointer(t.Context(), b, twoCertificates(), "a")
			if test.want == "" {
				if err != nil || p.Version != "4a1f" {
					t.Errorf("got version %q and error %v", p.Version, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, certbotstack.ErrNoPointer) != (name == "none") {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}
