// Package certreader serves TLS with a certificate that fargatedirect_certbot
// keeps in a bucket or a secret, and follows its renewals while the server
// runs.
//
//	reader, err := certreader.New(ctx, certreader.FromBucket(s3.NewFromConfig(cfg), bucket, "browser/"), certreader.Options{})
//	…
//	go reader.Run(ctx)
//	server := &http.Server{TLSConfig: reader.TLSConfig()}
//
// Nothing is used unseen: the objects' hashes, that the key belongs to the
// certificate, that each certificate of the chain is signed by the next, the
// names and the time are checked first. What fails a check, or cannot be read,
// changes nothing: the pair before it is served on, however long that takes,
// and the log says why and until when it is valid.
//
// The package needs only the standard library and the AWS clients that its
// caller gives it. No private key gets into its log or its errors.
package certreader
