using System.Diagnostics;
using System.Globalization;
using Lab.Measure;
using Lab.Report.Documents;
using Lab.Settings;
using Spectre.Console;

namespace Lab.Cli.Run;

/// <summary>Where a run stands, on standard error: a live bar with the time left on a terminal, one quiet line per measurement
/// otherwise.</summary>
internal sealed class RunProgress(LabConsole console)
{
    private static readonly TimeSpan TearDown = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs the measurements in order until one says that the next need not be begun; each is told where to
    /// report.</summary>
    public void Each<T>(
        IReadOnlyList<T> items, Func<T, string> nameOf, TimeSpan expectedEach, Func<T, IWindowObserver?, bool> run)
    {
        if (!console.IsErrorTerminal)
        {
            for (int index = 0; index < items.Count; index++)
            {
                console.Error.WriteLine($"[{index + 1}/{items.Count}] {nameOf(items[index])}");
                if (!run(items[index], null)) return;
            }
            return;
        }

        IAnsiConsole live = AnsiConsole.Create(new AnsiConsoleSettings
            { Out = new AnsiConsoleOutput(console.Drawing), Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes });
        Action<string> say = console.Signals.Say;
        console.Signals.Say = live.WriteLine; // above the bar, which would be drawn over it
        try
        {
            live.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 },
                    new PercentageColumn(), new SpinnerColumn())
                .Start(context =>
                {
                    ProgressTask task = context.AddTask("starting", maxValue: items.Count);
                    Stopwatch elapsed = Stopwatch.StartNew();
                    for (int index = 0; index < items.Count; index++)
                    {
                        string name = Markup.Escape(PlainText.Clean(nameOf(items[index])));
                        Reporter reporter = new(task, index, items.Count, name, expectedEach + TearDown, elapsed);
                        reporter.Show("set-up", 0);
                        if (!run(items[index], reporter)) return;
                        task.Value = index + 1;
                    }
                });
        }
        finally
        {
            console.Signals.Say = say;
        }
    }

    private sealed class Reporter(ProgressTask task, int index, int count, string name, TimeSpan expected, Stopwatch elapsed)
        : IWindowObserver
    {
        public void OnProgress(WindowProgress progress)
        {
            (string phase, double done) = progress.Phase switch
            {
                WindowPhase.Warming => ("warming", 0.1 * progress.Fraction),
                WindowPhase.Measuring => ("measuring", 0.1 + 0.85 * progress.Fraction),
                WindowPhase.Draining => ("draining", 0.95),
                _ => ("stopping", 0.97),
            };
            Show(phase, done);
        }

        public void Show(string phase, double done)
        {
            task.Value = index + done;
            // From what the measurements so far took, once there is one; before that from what was asked for.
            TimeSpan each = index > 0 ? elapsed.Elapsed / (index + done) : expected;
            TimeSpan left = each * (count - index - done);
            task.Description = string.Create(CultureInfo.InvariantCulture,
                $"{index + 1}/{count} {name}: {phase}, {Quantities.DescribeLeft(left)} left");
        }
    }
}
