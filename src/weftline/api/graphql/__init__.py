"""The same services as REST, asked by GraphQL: ``/graphql``."""
