using System.Buffers.Binary;
using Lab.Results;

namespace Lab.Application.Fleet;

/// <summary>The states of a part of a search, beside its result: numbers of 64 bits, the lowest byte first, ascending. Their
/// SHA-256 are in the unit's result.</summary>
internal static class StateFiles
{
    /// <summary>A state's hash each.</summary>
    public const string States = "states.u64";

    /// <summary>What an agent had seen, and what it did next.</summary>
    public const string Programs = "programs.u64";

    private const int BufferBytes = 1 << 16;

    public static void Write(string path, IEnumerable<ulong> numbers)
    {
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, BufferBytes);
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        foreach (ulong number in numbers)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
            file.Write(bytes);
        }
    }

    /// <summary>One after the other: there may be more than memory holds.</summary>
    /// <exception cref="RunDamagedException">It cannot be read, or ends in the middle of a number.</exception>
    public static IEnumerable<ulong> Read(string path)
    {
        using FileStream file = Open(path);
        byte[] bytes = new byte[sizeof(ulong)];
        while (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) is var read and > 0)
        {
            if (read < bytes.Length) throw new RunDamagedException(path, null, "ends in the middle of a number");
            yield return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
    }

    public static IEnumerable<(ulong, ulong)> ReadPairs(string path)
    {
        using IEnumerator<ulong> numbers = Read(path).GetEnumerator();
        while (numbers.MoveNext())
        {
            ulong first = numbers.Current;
            if (!numbers.MoveNext()) throw new RunDamagedException(path, null, "ends in the middle of a pair");
            yield return (first, numbers.Current);
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunDamagedException(path, null, $"cannot be read ({error.Message.TrimEnd('.')})");
        }
    }
}
