using System.CommandLine;
using Lab.Application;
using Lab.Watch;

namespace Lab.Cli.Watch;

/// <summary><c>lab watch PID</c>, which <c>lab run</c> starts beside itself: watches the process that measures, for a process
/// that watches itself may deadlock in the runtime. Takes orders on standard input and answers on standard output; ends when its
/// input does, and by no signal that can be caught.</summary>
internal static class WatchCommand
{
    public static Command Build(LabConsole console)
    {
        Argument<int> process = new("pid") { Description = "process to watch" };
        Command command = new(WatchProtocol.Verb, "watch another lab process (started by lab run)") { Hidden = true };
        command.Arguments.Add(process);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            console.Signals.Ignore(); // also when the whole group is told to end: the run is still saving what this one sees
            WatchProtocol.Serve(parsed.GetValue(process), Console.In, console.Out);
            return ExitCode.Fine;
        }));
        return command;
    }
}
