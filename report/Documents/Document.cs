using System.Globalization;
using Lab.Plots;

namespace Lab.Report.Documents;

/// <summary>What something means to its reader. A writer with colours gives each meaning one.</summary>
public enum Mood
{
    Plain,
    Good,
    Warn,
    Bad,
    Soft,
}

/// <summary>Whom a part or a column is for.</summary>
public enum Reader
{
    Everybody,

    /// <summary>Who scrolls a page and opens its folds.</summary>
    Page,

    /// <summary>Who reads a terminal, or its text in Markdown.</summary>
    Text,
}

/// <summary>A word beside a name, such as BROKEN.</summary>
public readonly record struct Badge(string Text, Mood Mood)
{
    public static readonly Badge Broken = new("BROKEN", Mood.Bad), Bound = new("bound", Mood.Soft),
        Open = new("OPEN", Mood.Bad), Partial = new("PARTIAL", Mood.Bad);
}

/// <summary>A cell as it is read, and by what its column is sorted.</summary>
/// <param name="Key">A number, not finite where there is none, or a text; null for the text shown.</param>
public readonly record struct Cell(string Text, object? Key = null)
{
    public Mood Mood { get; init; }

    public Badge? Badge { get; init; }

    /// <summary>One character that says on a page without colour what <see cref="Mood"/> does.</summary>
    public string Sign { get; init; } = "";

    /// <summary>As text alone.</summary>
    public string Words => Badge is { } badge ? $"{Text} {badge.Text}" : Text;

    public static implicit operator Cell(string text) => new(text);

    public static Cell Of(double value, string unit) => new(Quantity.Format(value, unit), value);

    public static Cell Count(long value) => new(Quantity.Count(value), (double)value);

    public static Cell Milliseconds(double value) => new(Quantity.Format(value * 1e6, "ns"), value);

    public static Cell Number(double value, string format) =>
        new(double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–", value);

    /// <summary>A strategy's name with its mark.</summary>
    public static Cell Strategy(string name, bool isBroken, bool isBound) =>
        new(name) { Badge = isBroken ? Documents.Badge.Broken : isBound ? Documents.Badge.Bound : null };
}

/// <summary>A column; numbers stand at the right.</summary>
public readonly record struct Column(string Header, bool IsNumber = false, Reader For = Reader.Everybody)
{
    public static implicit operator Column(string header) => new(header);

    public static IEnumerable<Column> Numbers(params IEnumerable<string> headers) => headers.Select(header => new Column(header,
        true));
}

/// <summary>What a document is made of.</summary>
public abstract record Part
{
    public Reader For { get; init; }
}

/// <summary>A paragraph. Without the heading of a section it is a sentence.</summary>
public sealed record Prose(string Text, Mood Mood = Mood.Plain) : Part
{
    public static implicit operator Prose(string text) => new(text);
}

/// <summary>Sentences of one kind, each with a bullet where the writer has any.</summary>
public sealed record Items(params IReadOnlyList<string> Texts) : Part;

/// <summary>Commands, a line each. They stay whole whatever the width: they are there to be copied.</summary>
/// <param name="Label">What they are for, in a word.</param>
public sealed record Commands(string Label, params IReadOnlyList<string> Lines) : Part;

/// <summary>Figures with their titles, drawn only by a writer that shows them.</summary>
public sealed record Drawings(Func<IEnumerable<(string Title, string Svg)>> Draw) : Part;

/// <summary>Rows under columns. A row without cells sets the next apart.</summary>
public sealed record Table(IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<Cell>> Rows) : Part
{
    /// <summary>Whether a page offers to sort it: not where the order says something.</summary>
    public bool IsSortable { get; init; } = true;

    /// <summary>Name and value in a line each, without headings.</summary>
    public bool IsFacts { get; init; }

    /// <summary>For that reader; a column that is empty in every row is left out.</summary>
    public Table Seen(Reader by)
    {
        int[] kept = [.. Columns.Index().Where(column => column.Item.For is Reader.Everybody || column.Item.For == by)
            .Where(column => column.Index == 0 || Rows.Any(row => row.Count > 0 && row[column.Index].Words.Length > 0))
            .Select(column => column.Index)];
        return this with
        {
            Columns = [.. kept.Select(index => Columns[index])],
            Rows = [.. Rows.Select(row => row.Count == 0 ? row : [.. kept.Select(index => row[index])])],
        };
    }
}

/// <summary>Parts under a heading. As text, what a heading within another says follows the other's, behind a colon.</summary>
/// <param name="Id">Its place in a page, letters, digits and dashes; those without are not in the page's list.</param>
public sealed record Section(string Heading, IReadOnlyList<Part> Parts, string Id = "") : Part
{
    /// <summary>Said softly behind the heading.</summary>
    public string Note { get; init; } = "";

    public Badge? Badge { get; init; }

    /// <summary>In the page's list; the heading where null.</summary>
    public string? ShortName { get; init; }

    /// <summary>Whether a page folds it, and then whether it is folded at first.</summary>
    public bool? IsFolded { get; init; }
}

/// <summary>What a run, a comparison, a history, an exploration, a log or an examination has to say, before it has a
/// form.</summary>
public sealed record Document(string Title)
{
    /// <summary>Heading of a page, where that is not its title.</summary>
    public string? Heading { get; init; }

    public Badge? Badge { get; init; }

    /// <summary>Where and when.</summary>
    public string Place { get; init; } = "";

    public Mood Mood { get; init; } = Mood.Good;

    /// <summary>What a reader wants to know, first, with what is to be doubted.</summary>
    public IReadOnlyList<Prose> Answer { get; init; } = [];

    /// <summary>What to type next, and what for.</summary>
    public IReadOnlyList<(string For, string Command)> Next { get; init; } = [];

    public IReadOnlyList<Part> Parts { get; init; } = [];
}
