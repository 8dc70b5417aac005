# A container that writes the certificate into a volume, and ends.
locals {
  certificates = {
    name                   = "certificates"
    image                  = provider::fargatedirect::proxy_image()
    command                = ["files", "-once"]
    essential              = false
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    mountPoints            = [{ sourceVolume = "certificates", containerPath = "/certificates" }]
    environment = [
      { name = "FARGATEDIRECT_BUCKET", value = fargatedirect_certbot.browser.bucket_name },
      { name = "FARGATEDIRECT_NAMES", value = "*.browser.example.com" },
      { name = "FARGATEDIRECT_PREFIX", value = "browser/" },
    ]
  }
}
