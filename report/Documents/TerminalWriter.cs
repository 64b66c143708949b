using Lab.Settings;

namespace Lab.Report.Documents;

/// <summary>Documents as text in the width there is: prose breaks between words, once; a table whose columns do not fit even
/// wrapped has each cell behind the name of its column. Three colours by meaning, if there are colours.</summary>
/// <param name="width">Columns of the terminal.</param>
/// <param name="hasColour">Whether the writer takes escapes; text in the document is made harmless first.</param>
public sealed class TerminalWriter(TextWriter to, int width = TextGrid.Width, bool hasColour = false)
{
    private const string Gap = TextGrid.Gap;
    private const int WordMost = 24;

    private bool _isBegun;

    /// <summary>What the reader types for the program's name, in commands and in what is quoted as one.</summary>
    public string Started { get; init; } = AsTyped.Name;

    public void Write(Document document)
    {
        if (_isBegun) Line("");
        _isBegun = true;
        foreach (Prose sentence in document.Answer.Where(one => one.For != Reader.Page))
        {
            Paragraph(sentence.Text, sentence.Mood == Mood.Plain && document.Mood == Mood.Bad ? Mood.Bad : sentence.Mood);
        }
        foreach ((string what, string command) in document.Next) Line($"{what}: {AsTyped.Command(command, Started)}");
        if (document.Place.Length > 0) Paragraph(document.Place, Mood.Soft);
        bool isFirst = document.Answer.Count + document.Next.Count == 0, isApart = true;
        foreach (Part part in Seen(document.Parts))
        {
            if (!isFirst && (isApart || part is Section or Table)) Line("");
            (isFirst, isApart) = (false, part is Section or Table);
            Write(part, "");
        }
    }

    private static IEnumerable<Part> Seen(IEnumerable<Part> parts) =>
        parts.Where(part => part.For != Reader.Page
            && part is not (Drawings or Section { Parts.Count: 0 } or Items { Texts.Count: 0 }));

    private void Write(Part part, string above)
    {
        switch (part)
        {
            case Prose prose:
                Paragraph(prose.Text, prose.Mood);
                break;
            case Items items:
                foreach (string text in items.Texts) Paragraph(text, Mood.Plain);
                break;
            case Commands commands:
                foreach (string line in commands.Lines) Line($"{commands.Label}{(commands.Label.Length > 0 ? ": " : "")}"
                    + AsTyped.Command(line, Started));
                break;
            case Table table:
                Write(table.Seen(Reader.Text));
                break;
            case Section section:
                string heading = above.Length > 0 ? $"{above}: {section.Heading}" : section.Heading;
                Part[] parts = [.. Seen(section.Parts)];
                if (parts is not [Section, ..]) Paragraph(heading + (section.Note.Length > 0 ? $", {section.Note}" : ""),
                    Mood.Soft);
                foreach ((int index, Part inner) in parts.Index())
                {
                    if (index > 0 && inner is Section) Line("");
                    Write(inner, inner is Section && parts[0] is Section ? heading : "");
                }
                break;
        }
    }

    private void Write(Table table)
    {
        if (table.Rows.Count == 0) return;
        if (table.IsFacts)
        {
            table = table with { Rows = [.. table.Rows.Select(row => (IReadOnlyList<Cell>)[.. row.Select(Typed)])] };
        }
        if (Widths(table) is not { } widths)
        {
            foreach (IReadOnlyList<Cell> row in table.Rows) InPieces(table, row);
            return;
        }
        if (!table.IsFacts)
        {
            Row(table, widths, [.. table.Columns.Select(column => (Cell)column.Header)]);
            Line(string.Join(Gap, widths.Select(one => new string('─', one))));
        }
        foreach (IReadOnlyList<Cell> row in table.Rows) Row(table, widths, row);
    }

    private Cell Typed(Cell cell) => cell with { Text = AsTyped.Quoted(cell.Text, Started) };

    /// <summary>Of the columns; null if the table does not fit, however its words are wrapped.</summary>
    private int[]? Widths(Table table)
    {
        IReadOnlyList<Cell>[] rows = [.. table.Rows.Where(row => row.Count > 0)];
        int[] natural = new int[table.Columns.Count], least = new int[table.Columns.Count];
        foreach ((int index, Column column) in table.Columns.Index())
        {
            int cells = rows.Max(row => row[index].Words.Length), header = table.IsFacts ? 0 : column.Header.Length;
            int words = column.IsNumber ? cells
                : Math.Max(8, rows.SelectMany(row => row[index].Words.Split(' ')).Max(word => Math.Min(word.Length, WordMost)));
            natural[index] = Math.Max(cells, header);
            int headerWord = header == 0 ? 0 : column.Header.Split(' ').Max(word => Math.Min(word.Length, WordMost / 3));
            least[index] = Math.Min(natural[index], Math.Max(words, headerWord));
        }
        int room = width - (Gap.Length * (natural.Length - 1));
        while (natural.Sum() > room)
        {
            // A heading over numbers gives way before words do.
            int[] slack = [.. natural.Select((now, index) => now <= least[index] ? 0
                : table.Columns[index].IsNumber ? now + width : now)];
            int widest = slack.Max();
            if (widest == 0) return null;
            natural[Array.IndexOf(slack, widest)]--;
        }
        return natural;
    }

    private void Row(Table table, int[] widths, IReadOnlyList<Cell> row)
    {
        if (row.Count == 0)
        {
            Line("");
            return;
        }
        List<string>[] cells = [.. row.Select((cell, index) => TextGrid.Wrap(cell.Words, widths[index]))];
        for (int line = 0; line < cells.Max(cell => cell.Count); line++)
        {
            Line(string.Join(Gap, row.Select((cell, index) =>
            {
                string text = line < cells[index].Count ? cells[index][line] : "";
                text = table.Columns[index].IsNumber ? text.PadLeft(widths[index]) : text.PadRight(widths[index]);
                return Coloured(text, cell.Badge?.Mood ?? cell.Mood);
            })));
        }
    }

    /// <summary>A row by itself: the first cell, then each behind its heading, broken between cells.</summary>
    private void InPieces(Table table, IReadOnlyList<Cell> row)
    {
        List<string> pieces = [.. row.Select((cell, index) => index == 0 || table.IsFacts ? cell.Words
            : cell.Words.Length == 0 ? "" : $"{table.Columns[index].Header} {cell.Words}".Trim()).Where(piece =>
                piece.Length > 0)];
        string line = "";
        foreach (string piece in pieces)
        {
            if (line.Trim().Length > 0 && line.Length + Gap.Length + piece.Length > width)
            {
                Line(line);
                line = Gap;
            }
            line += (line.Trim().Length > 0 ? Gap : "") + piece;
            if (line.Length <= width) continue;
            List<string> wrapped = TextGrid.Wrap(line.Trim(), width - Gap.Length);
            foreach ((int index, string text) in wrapped.SkipLast(1).Index()) Line((index > 0 || line[0] == ' ' ? Gap : "")
                + text);
            line = Gap + wrapped[^1];
        }
        Line(line);
    }

    /// <summary>What does not fit goes on further to the right, below the text that it belongs to.</summary>
    private void Paragraph(string text, Mood mood)
    {
        text = AsTyped.Quoted(text, Started);
        string body = text.TrimStart(' ');
        string indent = new(' ', text.Length - body.Length);
        List<string> lines = TextGrid.Wrap(body, width - indent.Length, keepsPaths: true);
        if (lines.Count > 1) lines = TextGrid.Wrap(body, width - indent.Length - Gap.Length, keepsPaths: true);
        foreach ((int index, string line) in lines.Index()) Line(indent + (index > 0 ? Gap : "") + line, mood);
    }

    private void Line(string text, Mood mood = Mood.Plain) => to.WriteLine(Coloured(text, mood).TrimEnd());

    private string Coloured(string text, Mood mood)
    {
        if (!hasColour) return text;
        text = PlainText.Clean(text);
        string shown = text.Trim();
        if (mood == Mood.Plain || shown.Length == 0) return text;
        int at = text.IndexOf(shown, StringComparison.Ordinal);
        string code = mood switch { Mood.Good => "32", Mood.Warn => "33", Mood.Bad => "31", _ => "2" };
        return $"{text[..at]}\e[{code}m{shown}\e[0m{text[(at + shown.Length)..]}";
    }
}
