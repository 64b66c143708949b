using System.CommandLine;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track</c>: numbers of runs over the commits they were measured at. Adds, shows, judges, names suspects,
/// acknowledges.</summary>
internal static class TrackCommand
{
    public static Command Build(LabConsole console)
    {
        Command command =
            new("track", "did it become slower? a history of runs, kept with the code");
        command.Subcommands.Add(TrackAdd.Build(console));
        command.Subcommands.Add(TrackShow.Build(console));
        command.Subcommands.Add(TrackGate.Build(console));
        command.Subcommands.Add(TrackCulprit.Build(console));
        command.Subcommands.Add(TrackAcknowledge.Build(console));
        command.Subcommands.Add(TrackScore.Build(console));
        string verbs = string.Join(", ", command.Subcommands.Select(verb => verb.Name));
        command.SetAction(
            _ => Verb.Guarded(console, () => throw new UsageException($"lab track needs to know what to do: {verbs}.")));
        return command;
    }
}
