using System.Security.Cryptography;
using System.Text;
using Lab.Results.Tracking;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>The lab's own hash is the standard's: names in histories stay what they are.</summary>
public sealed class Sha256Tests
{
    [Fact]
    public void It_is_what_it_is_called_at_every_length()
    {
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            Convert.ToHexStringLower(Sha256.Hash(Encoding.ASCII.GetBytes("abc"))));
        byte[] bytes = new byte[300];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            Assert.Equal(SHA256.HashData(bytes.AsSpan(0, length)), Sha256.Hash(bytes.AsSpan(0, length)));
        }
    }
}
