package localcloud_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/go-acme/lego/v4/acme"
)

func TestBindingAuthorityWantsBindings(t *testing.T) {
	t.Parallel()
	authority, err := cloud.StartBindingAuthority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]bool{authority.DirectoryURL: true, cloud.DirectoryURL: false} {
		res, err := cloud.DirectoryClient().Get(url)
		if err != nil {
			t.Fatal(err)
		}
		var directory acme.Directory
		if err := json.NewDecoder(res.Body).Decode(&directory); err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if directory.Meta.ExternalAccountRequired != want {
			t.Errorf("%s wants accounts bound: %v", url, !want)
		}
	}
	again, err := cloud.StartBindingAuthority(t.Context())
	if err != nil || again.DirectoryURL != authority.DirectoryURL || !maps.Equal(again.Keys, authority.Keys) || len(again.Keys) == 0 {
		t.Errorf("the second time: %+v, %v; want %+v", again.DirectoryURL, err, authority.DirectoryURL)
	}
}
