using System.Text;

namespace Lab.Cli;

/// <summary>Standard output of a terminal with fewer columns than the tables have: breaks a line between cells, or between words
/// where it has none, and never inside a number or a name, as the terminal would. What is coloured has been fitted
/// already.</summary>
internal sealed class NarrowWriter(TextWriter to, int width) : TextWriter
{
    /// <summary>With fewer columns no word fits, and none is known.</summary>
    public const int WidthMin = 20;

    private const char Escape = '\u001b';

    private readonly StringBuilder _line = new();

    public override Encoding Encoding => to.Encoding;

    public override void Write(char value)
    {
        if (value == '\n') End();
        else _line.Append(value);
    }

    public override void Flush()
    {
        to.Write(_line);
        _line.Clear();
        to.Flush();
    }

    private void End()
    {
        foreach (string line in Broken(_line.ToString(), width)) to.Write(line + "\n");
        _line.Clear();
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

    /// <summary>Where the line may end: the last gap between cells that fits, else the last blank, else the first; 0 if there is
    /// none.</summary>
    private static int Cut(string line, int width)
    {
        int start = line.Length - line.TrimStart(' ').Length;
        int gap = line.LastIndexOf("  ", width, width + 1 - start, StringComparison.Ordinal);
        if (gap > start) return gap;
        int blank = line.LastIndexOf(' ', width, width + 1 - start);
        return blank > start ? blank : Math.Max(0, line.IndexOf(' ', width));
    }
}
