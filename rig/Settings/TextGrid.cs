namespace Lab.Settings;

/// <summary>A table as plain text whose columns have given widths: what is longer goes on in the next line, broken between words
/// where there are any. Made for schedules, which need every one of eighty columns.</summary>
public sealed class TextGrid(IReadOnlyList<string> headers, IReadOnlyList<int> widths)
{
    /// <summary>What a terminal has at least.</summary>
    public const int Width = 80;

    public const string Gap = "  ";

    private readonly List<string> _lines = [];

    public IEnumerable<string> Lines => [Line(headers), Line([.. widths.Select(width => new string('─', width))]), .. _lines];

    public void Add(params IReadOnlyList<string> cells)
    {
        List<string>[] wrapped = [.. cells.Select((cell, column) => Wrap(cell, widths[column]))];
        int height = wrapped.Max(lines => lines.Count);
        for (int row = 0; row < height; row++)
        {
            _lines.Add(Line([.. wrapped.Select(lines => row < lines.Count ? lines[row] : "")]));
        }
    }

    /// <summary>A line across all columns; what is longer goes on under its beginning.</summary>
    public void AddAcross(string head, string text, int width)
    {
        foreach (string line in Wrap(text, Math.Max(1, width - head.Length)))
        {
            _lines.Add(head + line);
            head = new string(' ', head.Length);
        }
    }

    public void AddEmpty() => _lines.Add("");

    /// <summary>Breaks a text between words, and in a word only if it is longer than a line and is not a path that stays
    /// whole.</summary>
    public static List<string> Wrap(string text, int width, bool keepsPaths = false)
    {
        List<string> lines = [];
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length <= width)
            {
                line += " " + word;
                continue;
            }
            if (line.Length > 0) lines.Add(line);
            line = word;
            while (line.Length > width && !(keepsPaths && line.Contains('/')))
            {
                lines.Add(line[..width]);
                line = line[width..];
            }
        }
        if (line.Length > 0 || lines.Count == 0) lines.Add(line);
        return lines;
    }

    private string Line(IReadOnlyList<string> cells) =>
        string.Join(Gap, cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
}
