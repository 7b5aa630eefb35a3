import InitCore

extension FakeHost {
    var docker: DockerProbe {
        DockerProbe(
            container: { self.state.docker.containers[$0]?.state },
            image: { self.state.docker.images[$0] },
            publishedDigest: { name, _ in self.state.docker.published[name]?.image.digests.first },
            network: { self.state.docker.networks[$0] },
            owned: {
                let docker = self.state.docker
                guard docker.isInstalled else { return nil }
                return OwnedByUs(docker.containers.mapValues(\.state), networks: docker.networks.mapValues(\.labels))
            }, oldestAPI: { self.state.docker.oldestAPI })
    }
}
