using System.Diagnostics;
using System.Globalization;
using Lab.Explorer;
using Lab.Report.Documents;
using Lab.Settings;

namespace Lab.Cli.Explore;

/// <summary>How far an exploration is, on standard error: one line that is written over on a terminal, otherwise a line every
/// five seconds.</summary>
/// <remarks>Explorers may call <c>Show</c> from any of their threads.</remarks>
internal sealed class ExploreProgressLine(LabConsole console, string subject) : IDisposable
{
    private static readonly TimeSpan LiveEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan QuietEvery = TimeSpan.FromSeconds(5);
    private const string Erase = "\r\e[K";
    private const int Width = 79;

    private readonly Lock _lock = new();
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private bool _shown;

    public void Show(ExploreProgress progress) => Show(progress, subject);

    /// <summary>Of one of several that take turns.</summary>
    public void Show(ExploreProgress progress, string about)
    {
        lock (_lock)
        {
            if (_sinceLast.Elapsed < (console.IsErrorTerminal ? LiveEvery : QuietEvery)) return;
            _sinceLast.Restart();
            string text = PlainText.Clean(Describe(about, progress));
            if (console.IsErrorTerminal) console.Drawing.Write(Erase + (text.Length > Width ? text[..Width] : text));
            else console.Error.WriteLine(text);
            _shown = true;
        }
    }

    /// <summary>Ends the line for now: what follows is a result.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (console.IsErrorTerminal && _shown) console.Drawing.Write(Erase);
            _shown = false;
        }
    }

    public void Dispose() => Clear();

    internal static string Describe(string subject, ExploreProgress progress)
    {
        string states = progress.States > 0 ? string.Create(CultureInfo.InvariantCulture, $", {progress.States:N0} states") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{subject}: {progress.Phase}, {progress.Executions:N0} executions{states}, {progress.Seconds:0} s{Left(progress)}");
    }

    /// <summary>How much is done and when it ends: with the budget, if that ends first.</summary>
    private static string Left(ExploreProgress progress)
    {
        if (progress.DoneShare is not (> 0.001 and <= 1 and var share)) return "";
        double seconds = Math.Min(359_999, progress.Seconds * (1 - share) / share);
        string percent = string.Create(CultureInfo.InvariantCulture, $", {100 * share:0} %, ");
        return progress.SecondsLeft < seconds
            ? $"{percent}budget ends in {Quantities.DescribeLeft(TimeSpan.FromSeconds(progress.SecondsLeft.Value))}"
            : $"{percent}{Quantities.DescribeLeft(TimeSpan.FromSeconds(seconds))} left";
    }
}
