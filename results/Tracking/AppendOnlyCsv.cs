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

/// <summary>A CSV file to which whole rows are added and nothing else, by any number of processes. A row is one line: unlike RFC
/// 4180 a cell holds no line break, so that a damaged row, a quote left open in it, costs that row alone. (This is why the rows
/// are not read by CsvHelper as those of a run folder are.)</summary>
/// <param name="path">Need not exist.</param>
internal sealed class AppendOnlyCsv(string path, string[] header)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>That bytes are not UTF-8 must be seen: decoding puts this in their place.</summary>
    private const char NotUtf8 = '\uFFFD';

    /// <summary>Adds the rows as one write at the end, under the lock that .NET takes for <see cref="FileShare.None"/> (flock). A
    /// lock and not O_APPEND, which FileMode.Append does not pass and which would let two first writers both write a header. What
    /// a killed writer left without its line end gets one first, so that it damages no row but its own.</summary>
    /// <exception cref="ResultsUnwritableException">Nothing was added, or the disk is full and the last row damaged.</exception>
    /// <exception cref="ArgumentException">A cell holds a line break or another control character; nothing was added.</exception>
    internal void Append(IReadOnlyList<string[]> rows) => Append(rows, _ => rows);

    /// <summary>As <see cref="Append(IReadOnlyList{string[]})"/>, but leaves out rows that are there already. It looks under the
    /// same lock, so that of two writers of one row one adds it.</summary>
    /// <param name="identity">Equal for rows that are the same. Among the new rows it may repeat: they are added or left out
    /// together.</param>
    /// <returns>What was added.</returns>
    /// <exception cref="ResultsUnwritableException">As above.</exception>
    /// <exception cref="ArgumentException">As above.</exception>
    /// <exception cref="RunDamagedException">The file has another header; nothing was added.</exception>
    internal IReadOnlyList<string[]> AppendNew(IReadOnlyList<string[]> rows, Func<string[], string> identity) =>
        Append(rows, file =>
    {
        using StreamReader text = new(file, Encoding.UTF8, leaveOpen: true);
        HashSet<string> there = Rows(text, []).Select(row => identity(row.Cells)).ToHashSet();
        return [.. rows.Where(row => !there.Contains(identity(row)))];
    });

    private IReadOnlyList<string[]> Append(IReadOnlyList<string[]> rows, Func<FileStream, IReadOnlyList<string[]>> choose)
    {
        RefuseControlCharacters(rows);
        if (rows.Count == 0) return rows;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using FileStream file = OpenPatiently(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            IReadOnlyList<string[]> chosen = choose(file);
            if (chosen.Count == 0) return chosen;
            StringBuilder text = new(file.Length == 0 ? string.Join(',', header) + "\n" : EndsLine(file) ? "" : "\n");
            foreach (string[] row in chosen) AppendLine(text, row);
            file.Seek(0, SeekOrigin.End);
            file.Write(Encoding.UTF8.GetBytes(text.ToString()));
            file.Flush(flushToDisk: true);
            return chosen;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(path, e);
        }
    }

    /// <summary>Every row that has as many cells as the header; the others are added to <paramref name="damaged"/>. A file that
    /// does not exist or is empty has none.</summary>
    /// <exception cref="RunDamagedException">It cannot be opened, or its header is another: its columns would be
    /// guesses.</exception>
    internal IEnumerable<(long Line, string[] Cells)> Read(List<DamagedRow> damaged)
    {
        if (!File.Exists(path)) yield break;
        using StreamReader text = OpenText();
        foreach ((long Line, string[] Cells) row in Rows(text, damaged)) yield return row;
    }

    private IEnumerable<(long Line, string[] Cells)> Rows(StreamReader text, List<DamagedRow> damaged)
    {
        long line = 1;
        string expected = string.Join(',', header);
        string? first = text.ReadLine();
        if (first is null) yield break;
        if (first.StartsWith('\u001f')) throw new RunDamagedException(path, 1, "is compressed; unpack it with gunzip first");
        if (first != expected) throw new RunDamagedException(path, 1, $"the header is not '{expected}'");
        while (text.ReadLine() is { } row)
        {
            line++;
            string? why = Split(row, out string[] cells);
            if (why is null) yield return (line, cells);
            else damaged.Add(new DamagedRow(path, line, why));
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
            throw RunDamagedException.Unreadable(path, e);
        }
    }

    /// <summary>Another writer holds the file for one write at a time: waits rather than fails, for ten seconds at
    /// most.</summary>
    private FileStream OpenPatiently(FileMode mode, FileAccess access, FileShare share)
    {
        const int wouldBlock = 11; // EWOULDBLOCK, what .NET gives as HResult when flock refuses.
        Stopwatch waited = Stopwatch.StartNew();
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

    private static void RefuseControlCharacters(IEnumerable<string[]> rows)
    {
        if (rows.SelectMany(row => row).FirstOrDefault(cell => cell.Any(char.IsControl)) is { } bad)
        {
            throw new ArgumentException($"'{bad}' holds a control character and would break its line.", nameof(rows));
        }
    }

    private static void AppendLine(StringBuilder text, string[] row)
    {
        for (int index = 0; index < row.Length; index++)
        {
            text.Append(index == 0 ? "" : ",");
            text.Append(CsvText.Cell(row[index]));
        }

        text.Append('\n');
    }

    /// <returns>Null, or why the row has no cells.</returns>
    private string? Split(string row, out string[] cells)
    {
        cells = [];
        if (row.Contains(NotUtf8, StringComparison.Ordinal)) return "it holds bytes that are not UTF-8";
        if (row.Any(char.IsControl)) return "it holds a control character";
        List<string> found = [];
        for (int at = 0; at <= row.Length; at++)
        {
            if (at < row.Length && row[at] == '"')
            {
                StringBuilder cell = new();
                for (at++; at < row.Length && (row[at] != '"' || (at + 1 < row.Length && row[at + 1] == '"')); at++)
                {
                    cell.Append(row[row[at] == '"' ? at++ : at]);
                }
                if (at >= row.Length || (at + 1 < row.Length && row[at + 1] != ','))
                {
                    return "a quote is not closed before the next comma";
                }
                at++;
                found.Add(cell.ToString());
            }
            else
            {
                int comma = row.IndexOf(',', at);
                int end = comma < 0 ? row.Length : comma;
                found.Add(row[at..end]);
                at = end;
            }
        }

        if (found.Count != header.Length)
        {
            return $"it has {found.Count} cells, not the {header.Length} of '{string.Join(',', header)}'";
        }
        cells = [.. found.Select(CsvText.Unguard)];
        return null;
    }
}
