using System.Text;
using Lab.Settings;

namespace Lab.Cli;

/// <summary>Standard output of a terminal with fewer columns than the tables have. A row of a table too wide for it becomes a
/// line of its own, each cell behind the name of its column; a line breaks between cells, or between words where it has none, and
/// never inside a number or a name, as the terminal would. What is coloured has been fitted already.</summary>
internal sealed class NarrowWriter(TextWriter to, int width) : TextWriter
{
    /// <summary>With fewer columns no word fits, and none is known.</summary>
    public const int WidthMin = 20;

    private const char Escape = '\u001b';
    private const char Rule = '─';

    private readonly StringBuilder _line = new();

    /// <summary>The last line, if it may be the header of a table.</summary>
    private string? _held;

    /// <summary>The table that is being written; null where there is none.</summary>
    private Table? _table;

    private bool _isBehindBlank;

    public override Encoding Encoding => to.Encoding;

    public override void Write(char value)
    {
        if (value == '\n') End();
        else _line.Append(value);
    }

    /// <summary>Writes out what is there; the rule below a header must not come after it.</summary>
    public override void Flush()
    {
        Release();
        if (_table?.Rest() is { } row) Put(row);
        to.Write(_line);
        _line.Clear();
        to.Flush();
    }

    private void End()
    {
        string line = _line.ToString();
        _line.Clear();
        if (_held is not null && line.Length > width && Table.Of(_held, line) is { } begun)
        {
            (_held, _table) = (null, begun);
            return;
        }
        Release();
        if (_table is { } table)
        {
            if (line.Length > 0 && table.Has(line))
            {
                if (table.Next(line) is { } done) Put(done);
                _isBehindBlank = false;
                return;
            }
            if (table.Rest() is { } last) Put(last);
            // A schedule has empty lines, and what would not fit its columns goes across them.
            if (_isBehindBlank && line.Length > 0 && !table.HasFirst(line)) _table = null;
        }
        _isBehindBlank = line.Length == 0;
        if (line.TrimStart().Contains(TextGrid.Gap, StringComparison.Ordinal)) _held = line;
        else Put(line);
    }

    private void Release()
    {
        if (_held is { } line) Put(line);
        _held = null;
    }

    private void Put(string line)
    {
        foreach (string piece in Broken(line, width)) to.Write(piece + "\n");
    }

    /// <summary>Lines of at most that many columns, as far as words allow; those behind the first are set off.</summary>
    internal static IEnumerable<string> Broken(string line, int width)
    {
        if (line.Contains(Escape, StringComparison.Ordinal)) return [line];
        List<string> lines = [];
        string text = line.TrimStart(' ');
        int start = line.Length - text.Length;
        // Cells far to the right, with nothing before them, continue the cells above.
        if (line.Length > width && start > width / 2) (line, start) = ("  " + text, 2);
        string indent = new(' ', Math.Min(start + 2, width / 2));
        while (line.Length > width && Cut(line, width) is var cut and > 0)
        {
            lines.Add(line[..cut].TrimEnd());
            line = indent + line[cut..].TrimStart(' ');
        }
        return [.. lines, line];
    }

    /// <summary>Where the line may end: the last gap between cells that fits and is not near the beginning, else the last blank,
    /// else the first; 0 if there is none.</summary>
    private static int Cut(string line, int width)
    {
        int start = line.Length - line.TrimStart(' ').Length;
        int gap = line.LastIndexOf("  ", width, width + 1 - start, StringComparison.Ordinal);
        if (gap > start + (width / 4)) return gap;
        int blank = line.LastIndexOf(' ', width, width + 1 - start);
        return blank > start ? blank : Math.Max(0, line.IndexOf(' ', width));
    }

    /// <summary>Columns as the rule below a header shows them, and the row that is being read: cells may go on in the lines below
    /// it.</summary>
    private sealed class Table
    {
        private readonly (int Start, int End, string Header)[] _columns;
        private string[]? _row;

        private Table((int Start, int End, string Header)[] columns) => _columns = columns;

        /// <summary>Null if the line is no rule of two columns or more.</summary>
        public static Table? Of(string header, string line)
        {
            if (line.Any(one => one is not (Rule or ' '))) return null;
            List<(int, int, string)> columns = [];
            for (int at = line.IndexOf(Rule, StringComparison.Ordinal), end; at >= 0; at = line.IndexOf(Rule, end))
            {
                end = line.IndexOf(' ', at) is var gap and >= 0 ? gap : line.Length;
                columns.Add((at, end, Part(header, at, end)));
            }
            return columns.Count > 1 ? new Table([.. columns]) : null;
        }

        /// <summary>Whether the line has nothing between the columns and behind the last.</summary>
        public bool Has(string line) =>
            Part(line, _columns[^1].End, line.Length).Length == 0 && Part(line, 0, _columns[0].Start).Length == 0
                && _columns.Zip(_columns.Skip(1)).All(pair => Part(line, pair.First.End, pair.Second.Start).Length == 0);

        /// <summary>Whether the line has something in the first column and nothing right behind it.</summary>
        public bool HasFirst(string line) => Part(line, 0, _columns[0].End).Length > 0
            && Part(line, _columns[0].End, _columns[1].Start).Length == 0;

        /// <summary>Takes a line. Returns the row before it, if that is over.</summary>
        public string? Next(string line)
        {
            string[] cells = [.. _columns.Select(column => Part(line, column.Start, column.End))];
            if (cells[0].Length == 0 && _row is not null)
            {
                _row = [.. _row.Zip(cells, (above, more) => $"{above} {more}".Trim())];
                return null;
            }
            string? done = Rest();
            _row = cells;
            return done;
        }

        /// <summary>The row that was read last; null if there is none.</summary>
        public string? Rest()
        {
            if (_row is not { } row) return null;
            _row = null;
            return string.Join(TextGrid.Gap, row
                .Select((cell, column) => column == 0 || cell.Length == 0 ? cell : $"{_columns[column].Header} {cell}".TrimStart())
                .Where(cell => cell.Length > 0));
        }

        private static string Part(string line, int start, int end) =>
            start >= line.Length ? "" : line[start..Math.Min(end, line.Length)].Trim();
    }
}
