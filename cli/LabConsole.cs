using Lab.Report.Documents;
using Lab.Settings;

namespace Lab.Cli;

/// <summary>Where output goes: results to standard output, progress and complaints to standard error. Both take text of any
/// origin; of what happens to standard error nobody hears.</summary>
internal sealed class LabConsole
{
    /// <summary>With fewer columns no word fits, and none is known.</summary>
    private const int WidthMin = 20;

    private const string ShowCursor = "\e[?25h";

    private readonly Func<OutputLoss?> _loss;

    public LabConsole(TextWriter output, TextWriter error, bool isOutTerminal, bool isErrorTerminal,
        int width = TextGrid.Width, bool hasColour = false, string started = AsTyped.Name)
    {
        PlainWriter plain = new(output), coloured = hasColour ? new PlainWriter(output) { PassesEscapes = true } : plain;
        (Out, _loss) = (plain, () => plain.Loss ?? coloured.Loss);
        Text = new TerminalWriter(coloured, width, hasColour) { Started = started };
        Error = new PlainWriter(error) { Started = started };
        Drawing = new PlainWriter(error) { PassesEscapes = true };
        (IsOutTerminal, IsErrorTerminal) = (isOutTerminal, isErrorTerminal);
        Signals.Say = Error.WriteLine;
        if (isErrorTerminal) Signals.AtLeaving = () => Drawing.Write(ShowCursor);
    }

    /// <summary>This process's. What was closed when it began takes nothing: its number may be the runtime's by now.</summary>
    /// <param name="arguments">What it was given.</param>
    public static LabConsole OfProcess(IReadOnlyList<string> arguments)
    {
        bool hasOut = Descriptors.IsOpen(1), hasError = Descriptors.IsOpen(2);
        bool canDraw = Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
        bool isTerminal = hasOut && !Console.IsOutputRedirected;
        return new LabConsole(hasOut ? Console.Out : new ClosedWriter(), hasError ? Console.Error : TextWriter.Null,
            isTerminal, hasError && canDraw && !Console.IsErrorRedirected,
            isTerminal && Console.WindowWidth is >= WidthMin and var width ? width : TextGrid.Width,
            isTerminal && canDraw && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
            HowStarted.OfProcess(arguments));
    }

    public TextWriter Out { get; }

    /// <summary>Why standard output takes nothing more, or null.</summary>
    public OutputLoss? Loss => _loss();

    /// <summary>Standard output for documents.</summary>
    public TerminalWriter Text { get; }

    public TextWriter Error { get; }

    /// <summary>Standard error for what moves the cursor. Text in it goes through <see cref="PlainText.Clean"/>.</summary>
    public TextWriter Drawing { get; }

    public bool IsOutTerminal { get; }

    /// <summary>Which also knows what moving a cursor is.</summary>
    public bool IsErrorTerminal { get; }

    public Interruption Signals { get; } = new();

    private sealed class ClosedWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("it is closed");
    }
}
