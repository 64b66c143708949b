using System.Text;
using Lab.Report.Documents;

namespace Lab.Cli;

/// <summary>A stream of the program's for text of any origin. Manifests, plugins and scenarios are other people's: control
/// characters, terminal escapes among them, and characters that reorder what is shown reach nobody raw.</summary>
/// <param name="inner">Where the text goes; safe for several threads if that is.</param>
internal sealed class PlainWriter(TextWriter inner) : TextWriter
{
    /// <summary>Why the first piece that could not be written was not; null while all was. From then on everything is dropped: a
    /// verb goes on to its end, and what it found is not lost with what it would have printed.</summary>
    public OutputLoss? Loss { get; private set; }

    /// <summary>For who draws, and has made the text in it <see cref="PlainText.Clean"/>.</summary>
    public bool PassesEscapes { get; init; }

    /// <summary>What a reader types for the program's name, in what is quoted as a command.</summary>
    public string Started { get; init; } = AsTyped.Name;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value)
    {
        if (!string.IsNullOrEmpty(value)) Try(static (to, text) => to.Write(text), PassesEscapes ? value
            : PlainText.Clean(AsTyped.Quoted(value, Started)));
    }

    public override void WriteLine() => Write(CoreNewLine);

    /// <summary>Line and end in one piece: others may write meanwhile.</summary>
    public override void WriteLine(string? value) => Write(value + new string(CoreNewLine));

    public override void Flush() => Try(static (to, _) => to.Flush(), "");

    private void Try(Action<TextWriter, string> write, string text)
    {
        if (Loss is not null) return;
        try
        {
            write(inner, text);
        }
        catch (Exception lost) when (lost is IOException or UnauthorizedAccessException)
        {
            Loss = new OutputLoss(lost.InnerException ?? lost);
        }
    }
}

/// <summary>Standard output is closed or takes nothing more.</summary>
internal sealed class OutputLoss(Exception cause)
{
    private const int BrokenPipe = 32, FileTooLarge = 27, NoSpace = 28, OverQuota = 122;

    private string _kept = "";

    /// <summary>What happened, what helps, and where the results are all the same.</summary>
    public string Said => $"The output cannot be written ({cause.Message.TrimEnd('.')}); " + cause.HResult switch
    {
        NoSpace or OverQuota or FileTooLarge => "free space there, or redirect it to another place.",
        BrokenPipe => "who read it has gone: let it read to the end, or redirect the output to a file.",
        _ => "redirect it to a file or a terminal that is open.",
    } + _kept;

    /// <summary>The results are in a folder.</summary>
    /// <param name="what">As "run" or "comparison".</param>
    /// <param name="folder">Where it is.</param>
    public void Kept(string what, string folder) =>
        _kept = $" The {what} is kept in '{folder}'; 'lab report {folder}' prints it again.";
}
