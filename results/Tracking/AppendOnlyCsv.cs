using System.Diagnostics;
using System.Text;

namespace Lab.Results.Tracking;

/// <summary>A line that could not be understood; the lines around it were.</summary>
/// <param name="Line">From 1, the header being the first.</param>
/// <param name="Why">What was found and what was expected.</param>
public readonly record struct DamagedRow(string File, long Line, string Why)
{
    public override string ToString() => $"'{File}', line {Line}: {Why}";
}

/// <summary>
/// A CSV file to which whole rows are added and nothing else, by any number of processes. A row is one line: unlike RFC 4180 a
/// cell holds no line break, so that a damaged row, a quote left open in it, costs that row alone. (This is why the rows are not
/// read by
/// CsvHelper as those of a run folder are.)
/// </summary>
/// <param name="path">Need not exist.</param>
internal sealed class AppendOnlyCsv(string path, string[] header)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>That bytes are not UTF-8 must be seen: decoding puts this in their place.</summary>
    private const char NotUtf8 = '\uFFFD';

    /// <summary>
    /// Adds the rows as one write at the end, under the lock that .NET takes for <see cref="FileShare.None"/> (flock). A lock and
    /// not O_APPEND,
    /// which FileMode.Append does not pass and which would let two first writers both write a header. What a killed writer left
    /// without its line end gets one first, so that it damages no row but its own.
    /// </summary>
    /// <exception cref="ResultsUnwritableException">Nothing was added, or the disk is full and the last row damaged.</exception>
    /// <exception cref="ArgumentException">A cell holds a line break or another control character; nothing was added.</exception>
    internal void Append(IEnumerable<string[]> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows)
            AppendLine(text, row);
        if (text.Length == 0)
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using var file = OpenPatiently(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var head = file.Length == 0 ? string.Join(',', header) + "\n" : EndsLine(file) ? "" : "\n";
            file.Seek(0, SeekOrigin.End);
            file.Write(Encoding.UTF8.GetBytes(head + text));
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(path, e);
        }
    }

    /// <summary>
    /// Every row that has as many cells as the header; the others are added to <paramref name="damaged"/>. A file that does not
    /// exist
    /// or is empty has none.
    /// </summary>
    /// <exception cref="RunDamagedException">It cannot be opened, or its header is another: its columns would be
    /// guesses.</exception>
    internal IEnumerable<(long Line, string[] Cells)> Read(List<DamagedRow> damaged)
    {
        if (!File.Exists(path))
            yield break;
        using var text = OpenText();
        long line = 1;
        var expected = string.Join(',', header);
        var first = text.ReadLine();
        if (first is null)
            yield break;
        if (first != expected)
            throw new RunDamagedException(path, 1, $"the header is not '{expected}'");
        while (text.ReadLine() is { } row)
        {
            line++;
            var why = Split(row, out var cells);
            if (why is null)
                yield return (line, cells);
            else
                damaged.Add(new DamagedRow(path, line, why));
        }
    }

    private StreamReader OpenText()
    {
        try
        {
            return new StreamReader(OpenPatiently(FileMode.Open, FileAccess.Read, FileShare.Read), Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunDamagedException(path, null, e.Message, e);
        }
    }

    /// <summary>
    /// Another writer holds the file for one write at a time: waits rather than fails, for ten seconds at most.
    /// </summary>
    private FileStream OpenPatiently(FileMode mode, FileAccess access, FileShare share)
    {
        const int wouldBlock = 11; // EWOULDBLOCK, what .NET gives as HResult when flock refuses.
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, mode, access, share, bufferSize: 1 << 16);
            }
            catch (IOException e) when (e.HResult == wouldBlock && waited.Elapsed < Patience)
            {
                Thread.Sleep(5);
            }
        }
    }

    private static bool EndsLine(FileStream file)
    {
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    private static void AppendLine(StringBuilder text, string[] row)
    {
        for (var index = 0; index < row.Length; index++)
        {
            var cell = row[index];
            if (cell.Any(char.IsControl))
                throw new ArgumentException($"'{cell}' holds a control character and would break its line.", nameof(row));
            text.Append(index == 0 ? "" : ",");
            text.Append(cell.AsSpan().IndexOfAny(',', '"') < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }

        text.Append('\n');
    }

    /// <returns>Null, or why the row has no cells.</returns>
    private string? Split(string row, out string[] cells)
    {
        cells = [];
        if (row.Contains(NotUtf8, StringComparison.Ordinal))
            return "it holds bytes that are not UTF-8";
        if (row.Any(char.IsControl))
            return "it holds a control character";
        List<string> found = [];
        for (var at = 0; at <= row.Length; at++)
        {
            if (at < row.Length && row[at] == '"')
            {
                var cell = new StringBuilder();
                for (at++; at < row.Length && (row[at] != '"' || (at + 1 < row.Length && row[at + 1] == '"')); at++)
                    cell.Append(row[row[at] == '"' ? at++ : at]);
                if (at >= row.Length || (at + 1 < row.Length && row[at + 1] != ','))
                    return "a quote is not closed before the next comma";
                at++;
                found.Add(cell.ToString());
            }
            else
            {
                var comma = row.IndexOf(',', at);
                var end = comma < 0 ? row.Length : comma;
                found.Add(row[at..end]);
                at = end;
            }
        }

        if (found.Count != header.Length)
            return $"it has {found.Count} cells, not the {header.Length} of '{string.Join(',', header)}'";
        cells = [.. found];
        return null;
    }
}
