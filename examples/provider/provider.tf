terraform {
  required_providers {
    fargatedirect = {
      source = "fargatedirect/fargatedirect"
    }
  }
}

provider "fargatedirect" {
  region = "eu-west-2"

  default_tags = {
    team = "browsers"
  }
}
