using Lab.Settings;

namespace Lab.Cli;

/// <summary>Where output goes: results to standard output, progress and complaints to standard error. Both take text of any
/// origin; of what happens to standard error nobody hears.</summary>
internal sealed class LabConsole
{
    private const string ShowCursor = "\e[?25h";

    private readonly Func<OutputLoss?> _loss;

    public LabConsole(TextWriter output, TextWriter error, bool isOutTerminal, bool isErrorTerminal)
    {
        PlainWriter plain = new(output);
        (Out, _loss) = (plain, () => plain.Loss);
        Error = new PlainWriter(error);
        Drawing = new PlainWriter(error) { PassesEscapes = true };
        (IsOutTerminal, IsErrorTerminal) = (isOutTerminal, isErrorTerminal);
        Signals.Say = Error.WriteLine;
        if (isErrorTerminal) Signals.AtLeaving = () => Drawing.Write(ShowCursor);
    }

    /// <summary>This process's. What was closed when it began takes nothing: its number may be the runtime's by now.</summary>
    public static LabConsole OfProcess()
    {
        bool hasOut = Descriptors.IsOpen(1), hasError = Descriptors.IsOpen(2);
        bool canDraw = Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
        return new LabConsole(hasOut ? Fitting(Console.Out) : new ClosedWriter(), hasError ? Console.Error : TextWriter.Null,
            hasOut && !Console.IsOutputRedirected, hasError && canDraw && !Console.IsErrorRedirected);
    }

    /// <summary>Tables are laid out for eighty columns; a terminal with fewer gets their rows in pieces.</summary>
    private static TextWriter Fitting(TextWriter output) =>
        !Console.IsOutputRedirected && Console.WindowWidth is >= NarrowWriter.WidthMin and < TextGrid.Width and var width
            ? new NarrowWriter(output, width) : output;

    public TextWriter Out { get; }

    /// <summary>Why standard output takes nothing more, or null.</summary>
    public OutputLoss? Loss => _loss();

    public TextWriter Error { get; }

    /// <summary>Standard error for what moves the cursor. Text in it goes through <see cref="PlainWriter.Clean"/>.</summary>
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
