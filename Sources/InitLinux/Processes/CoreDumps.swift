import CLinux
import Glibc

/// A core dump would hold every secret that the run knows, where a crash handler may send it anywhere. Only as root, who is still let
/// into /proc/self then; what the program starts dumps as ever.
package func keepSecretsFromCoreDumps() {
    if geteuid() == 0 { _ = linuxForbidCoreDump() }
}
