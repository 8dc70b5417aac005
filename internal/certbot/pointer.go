package certbot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// keepVersions is how many versions of a certificate stay in the bucket.
const keepVersions = 3

// Names of objects below a certificate's prefix, beside KeyObject and
// CertificateObject.
const (
	// PointerObject names the version that is in force: a Pointer.
	PointerObject = "current.json"
	// BundleObject is the private key and the chain in one object.
	BundleObject = "bundle.pem"
	// VersionsPrefix holds the versions, each below its serial number. They
	// never change.
	VersionsPrefix = "versions/"
)

// Pointer is the content of PointerObject. Who reads it, and then the objects
// that it names, has a key and a certificate that belong together, whatever a
// run does meanwhile. It holds no secret.
type Pointer struct {
	// Version is the leaf's serial number in lower-case hex.
	Version   string    `json:"version"`
	Issuer    string    `json:"issuer"`
	Domains   []string  `json:"domains"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// DirectoryURL, Profile, PreferredChain and AccountURI tell how it was
	// obtained. That a chain was preferred does not tell that there was one.
	DirectoryURL   string `json:"directory_url,omitempty"`
	Profile        string `json:"profile,omitempty"`
	PreferredChain string `json:"preferred_chain,omitempty"`
	AccountURI     string `json:"account_uri,omitempty"`
	// Key and Certificate are the version's objects.
	Key         PointedObject `json:"key"`
	Certificate PointedObject `json:"certificate"`
	// Versions are those that are kept, the newest first.
	Versions []KeptVersion `json:"versions"`
}

// PointedObject is an object that a Pointer names.
type PointedObject struct {
	ObjectKey string `json:"object_key"`
	// SHA256 is the hex hash of the object's bytes.
	SHA256 string `json:"sha256"`
}

// KeptVersion is a version of a certificate in the bucket.
type KeptVersion struct {
	Version  string    `json:"version"`
	NotAfter time.Time `json:"not_after"`
	// Withdrawn tells that somebody rolled back from it. It comes into force
	// again only by its name.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// VersionObject is the object key of a part of a version.
func VersionObject(prefix, version, object string) string {
	return prefix + VersionsPrefix + version + "/" + object
}

// origin is how a certificate was obtained.
type origin struct {
	directory, profile, account string
	// preferred is the preferred chain, whether the authority had it or not.
	preferred string
}

// metadata is what a certificate object tells beside the certificate. S3 keeps
// no empty values, and ASCII alone; names of issuers may be any.
func (o origin) metadata() map[string]string {
	metadata := map[string]string{}
	for name, value := range map[string]string{MetadataDirectory: o.directory, MetadataProfile: o.profile, MetadataAccount: o.account, MetadataChain: url.QueryEscape(o.preferred)} {
		if value != "" {
			metadata[name] = value
		}
	}
	return metadata
}

// originOf reads what metadata wrote.
func originOf(metadata map[string]string) origin {
	o := origin{directory: metadata[MetadataDirectory], profile: metadata[MetadataProfile], account: metadata[MetadataAccount]}
	if chain, err := url.QueryUnescape(metadata[MetadataChain]); err == nil {
		o.preferred = chain
	}
	return o
}

// texts are the objects of a version.
type texts struct{ key, chain []byte }

// newPointer describes a version. Old is the pointer until now, or nil.
func newPointer(prefix string, p pair, t texts, from origin, old *Pointer) Pointer {
	stored := p.stored()
	pointer := Pointer{
		Version: stored.Serial, Issuer: stored.Issuer, Domains: stored.Domains,
		NotBefore: stored.NotBefore, NotAfter: stored.NotAfter,
		DirectoryURL: from.directory, Profile: from.profile, PreferredChain: from.preferred, AccountURI: from.account,
		Key:         PointedObject{VersionObject(prefix, stored.Serial, KeyObject), hexSum(t.key)},
		Certificate: PointedObject{VersionObject(prefix, stored.Serial, CertificateObject), hexSum(t.chain)},
	}
	if old != nil {
		pointer.Versions = slices.Clone(old.Versions)
	}
	if !pointer.keeps(stored.Serial) {
		pointer.Versions = slices.Insert(pointer.Versions, 0, KeptVersion{Version: stored.Serial, NotAfter: stored.NotAfter})
	}
	pointer.Versions = pointer.Versions[:min(len(pointer.Versions), keepVersions)]
	return pointer
}

// keeps tells whether the version is one of those that are kept.
func (p *Pointer) keeps(version string) bool {
	return p != nil && slices.ContainsFunc(p.Versions, func(v KeptVersion) bool { return v.Version == version })
}

// names tells whether these are the objects that the pointer means.
func (p *Pointer) names(t texts) bool {
	return hexSum(t.key) == p.Key.SHA256 && hexSum(t.chain) == p.Certificate.SHA256
}

func (p *Pointer) text() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("marshalling the pointer: %w", err)
	}
	return append(text, '\n'), nil
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
