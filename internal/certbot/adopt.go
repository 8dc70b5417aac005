package certbot

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// adopt looks for a certificate in the bucket that is as good as a new one, and
// puts it in force: that of a key that was renamed or of a prefix that was
// changed, or one that a run obtained and died before it was in force. It
// answers whether there was one. An authority issues only five a week for the
// same names.
func (r *run) adopt(ctx context.Context, log *slog.Logger, c Certificate, s *shelf, status *Status) (bool, error) {
	found, where := r.best(ctx, log, c, s)
	if found == nil {
		return false, nil
	}
	stored, err := s.publish(ctx, found.pair, found.origin)
	if stored != nil {
		status.Stored = stored
	}
	if err != nil {
		return true, err
	}
	s.prune(ctx, log)
	status.State, status.AccountURI = StateAdopted, found.account
	log.InfoContext(ctx, "a certificate that lay in the bucket is adopted", "from", where, "serial", stored.Serial)
	return true, nil
}

// best answers the fitting certificate that is valid longest, and where it
// lies. What cannot be looked at is passed over: an order is always possible.
func (r *run) best(ctx context.Context, log *slog.Logger, c Certificate, s *shelf) (best *held, where string) {
	prefixes, err := r.listed(ctx, s)
	if err != nil {
		log.InfoContext(ctx, "no certificate is looked for elsewhere in the bucket", "error", err.Error())
	}
	for _, prefix := range slices.Sorted(slices.Values(prefixes)) {
		if r.ofAnother(c, prefix) || prefix == s.prefix {
			continue
		}
		h, err := heldAt(ctx, s, prefix)
		if err != nil {
			log.InfoContext(ctx, "a certificate elsewhere in the bucket is not looked at", "prefix", prefix, "error", err.Error())
			continue
		}
		if h == nil || !serves(c, r.config.ACME.DirectoryURL, h, time.Now()) || !newer(h, s.have, c, r.config.ACME.DirectoryURL) {
			continue
		}
		if best == nil || h.leaf().NotAfter.After(best.leaf().NotAfter) {
			best, where = h, prefix
		}
	}
	return best, where
}

// newer tells whether a certificate is a step forward. One that was obtained
// earlier is none, unless the present one is not what is wanted at all.
func newer(h, have *held, c Certificate, directory string) bool {
	if have == nil || have.broken != nil || h.leaf().NotBefore.After(have.leaf().NotBefore) {
		return true
	}
	young := have.leaf().NotBefore
	return unfit(c, directory, have, young) != ""
}

// serves tells whether a certificate is what is wanted, and not due by its age.
func serves(c Certificate, directory string, h *held, now time.Time) bool {
	return unfit(c, directory, h, now) == "" && now.Before(renewAt(h.leaf().NotBefore, h.leaf().NotAfter))
}

// heldAt reads the certificate at a prefix or, of a prefix like
// "web/versions/<serial>/", the version.
func heldAt(ctx context.Context, s *shelf, prefix string) (*held, error) {
	other, err := readShelf(ctx, s.api, s.bucket, prefix)
	if err != nil {
		return nil, err
	}
	return other.have, nil
}

// ofAnother tells whether a prefix belongs to another certificate that is still
// wanted. Two certificates never share a private key, because who may read one
// of them need not be who may read the other.
func (r *run) ofAnother(c Certificate, prefix string) bool {
	return slices.ContainsFunc(r.config.Certificates, func(other Certificate) bool {
		return other.Key != c.Key && strings.HasPrefix(prefix, other.Prefix)
	})
}

// listed are all prefixes of the bucket that offer a certificate. In a bucket
// that is not the resource's own it is the certificate's alone: what else lies
// there may be of others.
func (r *run) listed(ctx context.Context, s *shelf) ([]string, error) {
	places := []string{s.prefix + VersionsPrefix}
	if r.config.OwnBucket {
		places = append(places, "")
	}
	var prefixes []string
	for _, below := range places {
		input := &s3.ListObjectsV2Input{Bucket: aws.String(s.bucket)}
		if below != "" {
			input.Prefix = aws.String(below)
		}
		for {
			page, err := s.api.ListObjectsV2(ctx, input)
			if err != nil {
				return prefixes, err
			}
			for _, o := range page.Contents {
				if prefix, ok := strings.CutSuffix(aws.ToString(o.Key), CertificateObject); ok && s.offers(prefix, below == "") {
					prefixes = append(prefixes, prefix)
				}
			}
			if !aws.ToBool(page.IsTruncated) {
				break
			}
			input.ContinuationToken = page.NextContinuationToken
		}
	}
	slices.Sort(prefixes)
	return slices.Compact(prefixes), nil
}

// offers tells whether what lies at a prefix may be adopted.
func (s *shelf) offers(prefix string, elsewhere bool) bool {
	if !strings.HasSuffix(prefix, "/") {
		return false
	}
	own, isOwn := strings.CutPrefix(prefix, s.prefix+VersionsPrefix)
	if isOwn {
		return !s.withdrawn(strings.TrimSuffix(own, "/"))
	}
	return elsewhere && !strings.Contains(prefix, "/"+VersionsPrefix)
}

// withdrawn tells whether somebody rolled back from a version.
func (s *shelf) withdrawn(version string) bool {
	return s.pointer != nil && slices.ContainsFunc(s.pointer.Versions, func(v KeptVersion) bool { return v.Version == version && v.Withdrawn })
}
