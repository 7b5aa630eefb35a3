// A person waits for a dry run: it asks nobody where credentials don't answer soon.

import InitCore

/// False: there are none, or not in time. Who is late is left to its own: a call for credentials has its own end.
/// - Parameter seconds: that may pass.
/// - Throws: `Failure`.
func hasCredentials(
    within seconds: Double, _ session: @escaping @Sendable () async throws -> AWSSession
) async throws -> Bool {
    let (answers, answer) = AsyncStream.makeStream(of: Result<Bool, any Error>.self)
    Task {
        do {
            let found: AWSSession
            do {
                found = try await session()
            } catch let failure as Failure where failure.kind == .usage {
                // Not even a region is known: there is nobody to ask.
                answer.yield(.success(false))
                return
            }
            _ = try await found.currentCredentials()
            answer.yield(.success(true))
        } catch is CredentialStore.None {
            answer.yield(.success(false))
        } catch is InstanceMetadata.Unavailable {
            answer.yield(.success(false))
        } catch {
            answer.yield(.failure(asFailure(error)))
        }
    }
    let late = Task {
        try await Task.sleep(for: .seconds(seconds))
        answer.yield(.success(false))
    }
    defer { late.cancel() }
    for await first in answers { return try first.get() }
    return false
}

func asFailure(_ error: any Error) -> Failure {
    switch error {
    case let failure as Failure: failure
    case let error as InstanceMetadata.Unavailable: Failure(.network, "instance metadata: \(error.why)")
    default: Failure(.network, Trouble(error).message)
    }
}
