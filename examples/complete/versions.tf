terraform {
  required_version = ">= 1.8"

  required_providers {
    fargatedirect = {
      source = "fargatedirect/fargatedirect"
    }
  }
}
