using System.Buffers.Binary;
using System.Numerics;

namespace Lab.Results.Tracking;

/// <summary>SHA-256 (FIPS 180-4) of a few bytes. .NET's is OpenSSL's on Linux and ends the process where there is none, which
/// would cost a run its results; a fingerprint needs neither its speed nor its secrecy.</summary>
public static class Sha256
{
    private const int BlockBytes = 64;

    private static readonly uint[] Start =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static readonly uint[] Constants = OfCubeRoots();

    public static byte[] Hash(ReadOnlySpan<byte> message)
    {
        // A one bit, zeroes, and the length in bits, up to a whole number of blocks.
        byte[] padded = new byte[(message.Length + 8 + BlockBytes) / BlockBytes * BlockBytes];
        message.CopyTo(padded);
        padded[message.Length] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padded.AsSpan(^8..), 8L * message.Length);
        uint[] state = [.. Start];
        for (int at = 0; at < padded.Length; at += BlockBytes) Mix(state, padded.AsSpan(at, BlockBytes));
        byte[] hash = new byte[32];
        for (int i = 0; i < state.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(4 * i), state[i]);
        return hash;
    }

    private static void Mix(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[64];
        for (int i = 0; i < 16; i++) words[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * i)..]);
        for (int i = 16; i < words.Length; i++)
        {
            uint before = words[i - 15], last = words[i - 2];
            words[i] = words[i - 16] + words[i - 7]
                + (BitOperations.RotateRight(before, 7) ^ BitOperations.RotateRight(before, 18) ^ (before >> 3))
                + (BitOperations.RotateRight(last, 17) ^ BitOperations.RotateRight(last, 19) ^ (last >> 10));
        }
        (uint a, uint b, uint c, uint d) = (state[0], state[1], state[2], state[3]);
        (uint e, uint f, uint g, uint h) = (state[4], state[5], state[6], state[7]);
        for (int i = 0; i < words.Length; i++)
        {
            uint one = h + Constants[i] + words[i] + ((e & f) ^ (~e & g))
                + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25));
            uint two = ((a & b) ^ (a & c) ^ (b & c))
                + (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }
        uint[] mixed = [a, b, c, d, e, f, g, h];
        for (int i = 0; i < state.Length; i++) state[i] += mixed[i];
    }

    /// <summary>The first 32 bits of the fractions of the cube roots of the first 64 primes. The root of a prime times 2^96 is
    /// found bit by bit, so that no rounding of a floating-point root can matter.</summary>
    private static uint[] OfCubeRoots()
    {
        List<uint> found = [];
        for (uint candidate = 2; found.Count < 64; candidate++)
        {
            if (Enumerable.Range(2, (int)candidate - 2).Any(divisor => candidate % (uint)divisor == 0)) continue;
            UInt128 cube = (UInt128)candidate << 96, root = 0;
            for (int bit = 36; bit >= 0; bit--)
            {
                UInt128 tried = root | ((UInt128)1 << bit);
                if (tried * tried * tried <= cube) root = tried;
            }
            found.Add((uint)root);
        }
        return [.. found];
    }
}
