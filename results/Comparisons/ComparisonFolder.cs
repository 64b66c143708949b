using System.Globalization;
using System.Text.Json;

namespace Lab.Results.Comparisons;

/// <summary>The folder of a comparison: <c>comparison.json</c> and, below <c>runs</c>, a run folder per block and arm. At any
/// instant, also one at which the process is killed, the manifest names exactly the blocks that were finished. One thread at a
/// time.</summary>
public sealed class ComparisonFolder
{
    public const string ManifestFile = "comparison.json";

    private ComparisonFolder(string path, ComparisonManifest manifest) => (Path, Manifest) = (path, manifest);

    public string Path { get; }

    /// <summary>As last written.</summary>
    public ComparisonManifest Manifest { get; private set; }

    public string Runs => System.IO.Path.Combine(Path, "runs");

    /// <exception cref="ResultsUnwritableException">The folder cannot be made.</exception>
    public static ComparisonFolder Create(string root, ComparisonManifest manifest)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string id = string.Create(CultureInfo.InvariantCulture,
            $"{now:yyyyMMdd'T'HHmmss'Z'}-{Random.Shared.GetHexString(6, lowercase: true)}");
        ComparisonFolder folder = new(System.IO.Path.GetFullPath(System.IO.Path.Combine(root, id)), manifest);
        folder.Save(manifest with { Id = id, StartedUtc = now, State = RunState.Running, Process = WriterProcess.Current });
        return folder;
    }

    /// <param name="path">Of the folder or its manifest.</param>
    /// <exception cref="RunNotFoundException">There is no such folder.</exception>
    /// <exception cref="RunDamagedException">The manifest is missing, of a newer program, or cannot be understood.</exception>
    public static ComparisonFolder Open(string path)
    {
        if (System.IO.Path.GetFileName(path) == ManifestFile)
        {
            path = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        }
        if (!Directory.Exists(path)) throw new RunNotFoundException(
            $"There is no comparison folder '{path}'; 'lab compare' names it when it begins.");
        string file = System.IO.Path.Combine(path, ManifestFile);
        return new ComparisonFolder(System.IO.Path.GetFullPath(path),
            JsonFile.Read(file, ComparisonJson.Plain.ComparisonManifest, Odd));
    }

    /// <summary>Goes on with what was interrupted, or with more blocks.</summary>
    /// <exception cref="InvalidOperationException">Another process is at it.</exception>
    public void Resume(int blocks)
    {
        if (Manifest.State == RunState.Running && Manifest.Process is { } writer && writer.IsAlive())
        {
            throw new InvalidOperationException($"process {writer.Pid} is still measuring it");
        }
        Save(Manifest with
            { State = RunState.Running, FinishedUtc = null, Process = WriterProcess.Current, BlocksAsked = blocks });
    }

    /// <summary>Adds a finished block; it is on disk when this returns.</summary>
    public void Add(ComparisonBlock block) => Save(Manifest with { Blocks = [.. Manifest.Blocks, block] });

    /// <summary>Adds blocks that were measured elsewhere and whose runs are there; they are numbered on, each with the seed that
    /// it was measured with.</summary>
    public void Add(IEnumerable<ComparisonBlock> blocks) => Save(Manifest with
    {
        Blocks = [.. Manifest.Blocks.Concat(blocks).Select((block, index) => block with { Number = index + 1 })],
    });

    public void Finish() => Save(Manifest with
    {
        State = Manifest.Blocks.Count >= Manifest.BlocksAsked ? RunState.Complete : RunState.Partial,
        FinishedUtc = WriterProcess.NotBefore(Manifest.StartedUtc),
    });

    private void Save(ComparisonManifest manifest)
    {
        StagedFiles.WriteOne(
            System.IO.Path.Combine(Path, ManifestFile),
            to => JsonSerializer.Serialize(to, manifest, ComparisonJson.Plain.ComparisonManifest));
        Manifest = manifest;
    }

    private static (string, string)? Odd(ComparisonManifest manifest)
    {
        if (Domain.OddTimes(manifest.State, manifest.StartedUtc, manifest.FinishedUtc) is { } times) return times;
        if (manifest.Blocks.Count > manifest.BlocksAsked
            || (manifest.State == RunState.Complete && manifest.Blocks.Count < manifest.BlocksAsked))
        {
            return ("blocks", $"{manifest.Blocks.Count} of {manifest.BlocksAsked} blocks are there, and 'state' is "
                + $"{manifest.State.ToString().ToLowerInvariant()}; expected "
                + (manifest.State == RunState.Complete ? "all" : "at most those"));
        }
        if (manifest.Arms.Index().FirstOrDefault(one =>
            manifest.Arms.Take(one.Index).Any(before => before.Label == one.Item.Label)) is { Item: not null } twin)
        {
            return ($"arms[{twin.Index}].label", $"'arms[{twin.Index}].label' is that of an arm before it; expected another");
        }
        if (manifest.Arms.Count < 1) return ("arms", "names no arms; expected at least one");
        if (manifest.Arms.Index().FirstOrDefault(one => one.Item.Source == ArmSource.Strategy
            ? one.Item.Strategy is null : one.Item.From is null) is { Item: not null } nameless)
        {
            return ($"arms[{nameless.Index}]", $"'arms[{nameless.Index}]' does not say what it is; expected "
                + (nameless.Item.Source == ArmSource.Strategy ? "'strategy'" : "'from'"));
        }
        foreach ((int index, ComparisonBlock block) in manifest.Blocks.Index())
        {
            if (block.Number != index + 1) return ($"blocks[{index}].number",
                $"block {block.Number} is out of order; blocks count from 1");
            foreach ((int place, BlockRun run) in block.Runs.Index())
            {
                string at = $"blocks[{index}].runs[{place}]";
                if (run.Arm >= manifest.Arms.Count) return ($"{at}.arm",
                    $"a block names arm {run.Arm}, but there are {manifest.Arms.Count}");
                if (block.Runs.Take(place).Any(before => before.Arm == run.Arm)) return ($"{at}.arm",
                    $"block {block.Number} has two runs of arm {run.Arm}; expected one");
                if (run.Run is { } name && (name.Length == 0 || name is "." or ".." || System.IO.Path.GetFileName(name) != name))
                {
                    return ($"{at}.run", $"'{at}.run' is '{Domain.Shorten(name)}'; expected the name of a folder below 'runs'");
                }
            }
        }
        return null;
    }
}
