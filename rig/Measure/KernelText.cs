using System.Globalization;

namespace Lab.Measure;

/// <summary>The small text files through which Linux describes itself. A file that is absent or may not be read is null, never an
/// exception: machines differ, and a fingerprint with a hole is better than none.</summary>
internal static class KernelText
{
    /// <summary>The whole file without the white space around it.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first line.</summary>
    public static string? ReadLine(string path) => Read(path)?.Split('\n', 2)[0].Trim();

    /// <summary>What stands behind <c>key:</c> at the start of a line of a file such as /proc/cpuinfo or
    /// /proc/self/status.</summary>
    public static string? Field(string? text, string key)
    {
        foreach (string line in (text ?? "").Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(key)) return line[(colon + 1)..].Trim();
        }

        return null;
    }

    /// <summary>The number a field starts with (<c>24576 kB</c> is 24576), or null.</summary>
    public static long? Number(string? field)
    {
        ReadOnlySpan<char> text = field.AsSpan().Trim();
        int end = text.IndexOf(' ');
        return long.TryParse(end < 0 ? text : text[..end], NumberStyles.Integer, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;
    }

    /// <summary>The choice in brackets of a file such as <c>always [madvise] never</c>; the whole text when there are
    /// none.</summary>
    public static string? Chosen(string? text)
    {
        if (text is null) return null;
        int open = text.IndexOf('[', StringComparison.Ordinal), close = text.IndexOf(']', StringComparison.Ordinal);
        return open >= 0 && close > open ? text[(open + 1)..close] : text;
    }
}
