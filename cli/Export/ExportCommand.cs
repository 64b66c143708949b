using System.CommandLine;
using Lab.Application;
using Lab.Application.Settings;
using Lab.Application.Tracking;
using Lab.Cli.Options;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Tracking;
using Lab.Settings;
using Lab.Store;

namespace Lab.Cli.Export;

/// <summary><c>lab export --parquet DIR</c>: the numbers of runs of any machine join a store. What is there already is replaced
/// by the same.</summary>
internal static class ExportCommand
{
    private static readonly string[] Immaterial =
        [.. RunSettings.All.Where(setting => !setting.Matters).Select(setting => setting.Name)];

    public static Command Build(LabConsole console)
    {
        Argument<string[]> runs = new("run") { Description = "id, beginning of an id, path, latest, a folder of runs, or a "
            + "comparison folder; latest if absent", Arity = ArgumentArity.ZeroOrMore };
        Option<string> parquet = SettingOptions.Text("--parquet", "folder of the store", "");
        Option<string> folder = SettingOptions.Text("--out", "folder of the run folders", RunSettings.Out.Default);
        Option<string> commit = SettingOptions.Text("--commit", "commit that was measured; by default the one the runs name", "");
        Command command = new("export", "numbers of runs as Parquet files, for many machines and for SQL");
        command.Arguments.Add(runs);
        foreach (Option option in (Option[])[parquet, folder, commit]) command.Options.Add(option);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            if (parsed.GetValue(parquet) is not { Length: > 0 } root) throw new UsageException(
                "lab export needs a folder for the store: --parquet DIR.");
            string given = parsed.GetValue(commit)!;
            if (given.Length > 0 && !HistoryFile.IsPoint(given)) throw new UsageException(
                $"--commit '{given}' is neither a commit nor a name for a point.");
            RunsToTrack found = new(parsed.GetValue(folder)!);
            string[] named = parsed.GetValue(runs) is { Length: > 0 } some ? some : [RunStore.Latest];
            HistoryStore store = new(root);
            int count = 0, files = 0;
            // All that was named is found and read before any of it is written: a name that means nothing leaves no store behind.
            List<(string Id, StoredRow[] Rows)> read = [];
            foreach (string text in named)
            {
                ILookup<string, (string Arm, int Block)> places = Places(text);
                foreach (RunToTrack run in found.Find(text)) read.Add((run.Id, [.. Rows(run, given, places)]));
            }
            foreach ((string id, StoredRow[] rows) in read)
            {
                if (rows.Length == 0) console.Error.WriteLine($"note: run {id} has no number to keep; left out.");
                try
                {
                    files += store.Write(rows).Count;
                }
                catch (ResultsUnwritableException refused)
                {
                    throw refused.NamedBy(parquet.Name);
                }
                count += rows.Length;
            }
            foreach (string note in found.Notes) console.Error.WriteLine($"note: {note.ReplaceLineEndings(" ")}.");
            if (count == 0) throw new UsageException("Nothing could be exported: no run is complete, clean and long enough.");
            console.Out.WriteLine($"{root}: {Plural.Of(count, "row")} in {Plural.Of(files, "file")}");
            return ExitCode.Fine;
        }));
        return command;
    }

    private static IEnumerable<StoredRow> Rows(RunToTrack run, string commit, ILookup<string, (string Arm, int Block)> places)
    {
        Manifest manifest = run.Record.Manifest;
        string point = commit.Length > 0 ? commit
            : manifest.GitCommit is not { } known ? "unknown" : manifest.GitDirty == true ? $"{known}-dirty" : known;
        string environment = Fingerprint.Of(new Dictionary<string, string>(manifest.Machine.Facts)
        {
            [nameof(MachineFacts.Cpu)] = manifest.Machine.Cpu, [nameof(MachineFacts.Kernel)] = manifest.Machine.Kernel,
            [nameof(MachineFacts.Os)] = manifest.Machine.Os, [nameof(RuntimeFacts.Dotnet)] = manifest.Runtime.Dotnet,
        }, except: ["load", "pressure", "steal", "memory"]);
        (string Arm, int Block) place = places[manifest.Id].FirstOrDefault();
        return HistoryRows.Of(run.Record, point, Immaterial).Select(row => new StoredRow(row with { RunId = run.Id },
            place.Arm ?? row.Strategy, place.Block, "clean", environment));
    }

    /// <summary>Arm and block of a comparison's runs.</summary>
    private static ILookup<string, (string Arm, int Block)> Places(string text)
    {
        ComparisonManifest? manifest =
            File.Exists(Path.Combine(text, ComparisonFolder.ManifestFile)) ? ComparisonFolder.Open(text).Manifest : null;
        IReadOnlyList<ComparisonBlock> blocks = manifest?.Blocks ?? [];
        return blocks.SelectMany(block => block.Runs.Select(run => (run.Run, run.Arm, block.Number)))
            .Where(one => one.Run is not null).ToLookup(one => one.Run!, one => (manifest!.Arms[one.Arm].Label, one.Number));
    }
}
