// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let http: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")

let package = Package(
    name: "ide-init",
    products: [.executable(name: "ide-init", targets: ["ide-init"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .target(
            name: "InitCore",
            dependencies: [crypto, .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .target(
            name: "InitLinux",
            dependencies: [
                "InitCore", "CArchive", "CArgon2", "CCrypt", "CLinux", "CSystemd",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "X509", package: "swift-certificates"),
                crypto,
            ],
            swiftSettings: settings),
        .target(
            name: "InitAWS",
            dependencies: [
                "InitCore", http, crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .target(
            name: "InitDocker",
            dependencies: [
                "InitCore", http, crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "ide-init",
            dependencies: [
                "InitCore", "InitLinux", "InitAWS", "InitDocker", "CStaticNames",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // Calls that Swift's Glibc module hides behind _GNU_SOURCE.
        .target(name: "CLinux"),
        // Empty but for the static release: packaging/build-static says why.
        .target(name: "CStaticNames"),
        .systemLibrary(
            name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        // Password hashes: code-server's, and those of Basic authentication.
        .systemLibrary(
            name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(
            name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        // Notify socket, journal, bus.
        .systemLibrary(
            name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        // Fakes; only test targets depend on it.
        .target(name: "InitTesting", dependencies: ["InitCore", crypto], swiftSettings: settings),
        // Servers for tests; only test targets depend on it.
        .target(
            name: "TestSupport", dependencies: ["InitAWS", "InitCore"], path: "Tests/Support",
            exclude: ["browser", "code-server"], swiftSettings: settings),
        .testTarget(
            name: "InitCoreTests", dependencies: ["InitCore", "InitTesting"], exclude: ["Mustache"],
            swiftSettings: settings),
        .testTarget(name: "InitLinuxTests", dependencies: ["InitCore", "InitLinux"], swiftSettings: settings),
        .testTarget(
            name: "InitAWSTests", dependencies: ["InitAWS", "InitCore", "TestSupport"], exclude: ["Vectors"],
            swiftSettings: settings),
        .testTarget(
            name: "ScenarioTests", dependencies: ["InitCore", "InitTesting"], exclude: ["Scenarios"],
            swiftSettings: settings),
        .testTarget(
            name: "ContractTests", dependencies: ["InitCore", "InitLinux", "InitTesting"], swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests", dependencies: ["InitCore", "TestSupport", "ide-init"], exclude: ["web.py"],
            swiftSettings: settings),
        .testTarget(
            name: "SystemdTests", dependencies: ["ide-init", "InitCore", "TestSupport"],
            exclude: ["held.py", "upstream.py"], swiftSettings: settings),
        .testTarget(
            name: "DockerTests", dependencies: ["ide-init", "InitCore", "InitDocker", "TestSupport"],
            exclude: ["dockerd", "relay.py"], swiftSettings: settings
        ),
        .testTarget(name: "ProxyTests", dependencies: ["ide-init"], swiftSettings: settings),
        .testTarget(name: "RealTests", exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "CloudTests", dependencies: ["ide-init", "InitCore", "TestSupport", crypto],
            exclude: ["README.md", "Stubs", "template.py"],
            swiftSettings: settings),
    ]
)
