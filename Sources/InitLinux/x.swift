import Subprocess
import CArchive
package let y = 1
