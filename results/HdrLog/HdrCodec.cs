using System.Buffers.Binary;
using System.IO.Compression;

namespace Lab.Results.HdrLog;

/// <summary>HdrHistogram's V2 encoding, all big-endian. Compressed: cookie, length, a zlib stream of the rest. Inside: cookie,
/// length of the payload, normalizing index offset, digits, lowest, highest, conversion ratio; then the counts from slot 0 to the
/// largest, each as ZigZag LEB128, a negative one standing for so many empty slots. Source: HdrHistogram,
/// <c>AbstractHistogram.encodeIntoByteBuffer</c>, <c>ZigZagEncoding</c>.</summary>
public static class HdrCodec
{
    private const int CompressedCookie = 0x1c849304 | 0x10;
    private const int Cookie = 0x1c849303 | 0x10;
    private const int HeaderBytes = 40;
    private const int MostBytesPerCount = 9;

    /// <summary>What the base64 of a log line holds.</summary>
    public static byte[] Encode(HdrHistogram histogram) => Compress(EncodeUncompressed(histogram));

    /// <summary>The outer layer alone.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> uncompressed)
    {
        using MemoryStream compressed = new();
        compressed.Write(stackalloc byte[8]);
        using (ZLibStream zlib = new(compressed, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(uncompressed);
        byte[] bytes = compressed.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes, CompressedCookie);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), bytes.Length - 8);
        return bytes;
    }

    /// <summary>What is compressed: equal histograms give equal bytes, which different zlib versions do not.</summary>
    public static byte[] EncodeUncompressed(HdrHistogram histogram)
    {
        using MemoryStream bytes = new();
        bytes.Write(stackalloc byte[HeaderBytes]);
        int next = 0;
        foreach ((int slot, long count) in histogram.Counts)
        {
            if (slot > next) WriteCount(bytes, slot - next == 1 ? 0 : -(slot - next));
            WriteCount(bytes, count);
            next = slot + 1;
        }

        if (next == 0) WriteCount(bytes, 0); // An empty histogram is the count of slot 0.
        byte[] all = bytes.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(all, Cookie);
        BinaryPrimitives.WriteInt32BigEndian(all.AsSpan(4), all.Length - HeaderBytes);
        BinaryPrimitives.WriteInt32BigEndian(all.AsSpan(8), histogram.NormalizingIndexOffset);
        BinaryPrimitives.WriteInt32BigEndian(all.AsSpan(12), histogram.Geometry.Digits);
        BinaryPrimitives.WriteInt64BigEndian(all.AsSpan(16), histogram.Geometry.Lowest);
        BinaryPrimitives.WriteInt64BigEndian(all.AsSpan(24), histogram.Geometry.Highest);
        BinaryPrimitives.WriteDoubleBigEndian(all.AsSpan(32), histogram.ConversionRatio);
        return all;
    }

    /// <exception cref="InvalidDataException">Says what was found and what expected. Memory is bounded by the slots that the
    /// header asks for.</exception>
    public static HdrHistogram Decode(ReadOnlySpan<byte> compressed)
    {
        Expect(compressed.Length >= 8, $"{compressed.Length} bytes are too few for a histogram");
        int cookie = BinaryPrimitives.ReadInt32BigEndian(compressed);
        Expect(cookie == CompressedCookie, $"cookie 0x{cookie:x8} is not 0x{CompressedCookie:x8} (V2, compressed)");
        int length = BinaryPrimitives.ReadInt32BigEndian(compressed[4..]);
        Expect(length == compressed.Length - 8, $"{compressed.Length - 8} bytes follow; the length says {length}");

        using ZLibStream zlib = new(new MemoryStream(compressed[8..].ToArray()), CompressionMode.Decompress);
        byte[] header = new byte[HeaderBytes];
        Expect(Inflate(zlib, header) == HeaderBytes, "the compressed part ends inside its header");
        cookie = BinaryPrimitives.ReadInt32BigEndian(header);
        Expect(cookie == Cookie, $"inner cookie 0x{cookie:x8} is not 0x{Cookie:x8} (V2)");
        int payloadBytes = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        HdrGeometry geometry = ReadGeometry(header);
        Expect(payloadBytes >= 0 && payloadBytes <= (long)geometry.SlotCount * MostBytesPerCount,
            $"a payload of {payloadBytes} bytes does not fit {geometry.SlotCount} slots");
        byte[] payload = new byte[payloadBytes];
        int found = Inflate(zlib, payload);
        Expect(found == payloadBytes, $"only {found} of {payloadBytes} bytes of counts are present");
        Expect(Inflate(zlib, new byte[1]) == 0, "extra bytes follow the counts");
        return new HdrHistogram
        {
            Geometry = geometry,
            NormalizingIndexOffset = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8)),
            ConversionRatio = BinaryPrimitives.ReadDoubleBigEndian(header.AsSpan(32)),
            Counts = ReadCounts(payload, geometry.SlotCount),
        };
    }

    /// <summary>Fills a buffer as far as there are bytes, and says how far that is.</summary>
    private static int Inflate(ZLibStream zlib, byte[] into)
    {
        try
        {
            return zlib.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("the compressed part is damaged", e);
        }
    }

    private static HdrGeometry ReadGeometry(byte[] header)
    {
        (long lowest, long highest, int digits) = (BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(16)),
            BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24)), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12)));
        Expect(HdrGeometry.IsOne(lowest, highest, digits), $"the header says {digits} digits from {lowest} to {highest}; "
            + "expected 0 to 5 digits, from 1 or more to at least twice as much");
        return new HdrGeometry(lowest, highest, digits);
    }

    private static List<(int, long)> ReadCounts(byte[] payload, int slots)
    {
        List<(int, long)> counts = [];
        long slot = 0, total = 0;
        for (int at = 0; at < payload.Length;)
        {
            long count = ReadCount(payload, ref at);
            if (count < 0)
            {
                Expect(count >= -slots, $"{count} is not a number of empty slots");
                slot -= count;
                continue;
            }

            Expect(slot < slots, $"counts go beyond the last of {slots} slots");
            Expect(count <= long.MaxValue - total, "the counts together exceed 63 bits");
            total += count;
            if (count > 0) counts.Add(((int)slot, count));
            slot++;
        }

        Expect(slot <= slots, $"counts go beyond the last of {slots} slots");
        return counts;
    }

    /// <summary>Seven bits a byte, lowest first, the eighth says that more follow; the ninth byte has eight bits. Sign in the
    /// lowest bit.</summary>
    private static void WriteCount(MemoryStream to, long count)
    {
        ulong bits = (ulong)((count << 1) ^ (count >> 63));
        for (int written = 1; bits >= 0x80 && written < MostBytesPerCount; written++)
        {
            to.WriteByte((byte)(bits | 0x80));
            bits >>= 7;
        }

        to.WriteByte((byte)bits);
    }

    private static long ReadCount(byte[] from, ref int at)
    {
        ulong bits = 0;
        for (int shift = 0; ; shift += 7)
        {
            Expect(at < from.Length, "the last count is cut off");
            byte next = from[at++];
            bool isLast = shift == 7 * (MostBytesPerCount - 1) || next < 0x80;
            bits |= (ulong)(isLast ? next : next & 0x7f) << shift;
            if (isLast) return (long)(bits >> 1) ^ -(long)(bits & 1);
        }
    }

    private static void Expect(bool condition, string why)
    {
        if (!condition) throw new InvalidDataException(why);
    }
}
