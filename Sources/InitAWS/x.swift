import AsyncHTTPClient
package let z = 1
