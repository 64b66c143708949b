using System.Buffers.Binary;

namespace Lab.Store;

/// <summary>The files of a store, and those among them that cannot be read.</summary>
internal static class ParquetFiles
{
    /// <summary>The magic word at both ends, and the length of what is before the last.</summary>
    private const int Word = 4, Tail = 8;

    /// <summary>Every file where a store has them, in the order of their names.</summary>
    public static IReadOnlyList<string> Below(string root)
    {
        const int folders = 3; // machine, series, year
        return !Directory.Exists(root) ? []
            : [.. Directory.EnumerateFiles(root, "*.parquet", SearchOption.AllDirectories)
                .Where(file => Path.GetRelativePath(root, file).Count(one => one == Path.DirectorySeparatorChar) == folders)
                .Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether it begins and ends as a file does that was written whole; what is between may be damaged.</summary>
    public static bool IsWhole(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> bytes = stackalloc byte[Word + Tail];
            if (stream.Length < bytes.Length) return false;
            stream.ReadExactly(bytes[..Word]);
            stream.Seek(-Tail, SeekOrigin.End);
            stream.ReadExactly(bytes[Word..]);
            uint description = BinaryPrimitives.ReadUInt32LittleEndian(bytes[Word..]);
            return bytes[..Word].SequenceEqual("PAR1"u8) && bytes[Tail..].SequenceEqual("PAR1"u8)
                && description <= stream.Length - bytes.Length;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
