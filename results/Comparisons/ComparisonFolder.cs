using System.Globalization;
using System.Security.Cryptography;
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
            $"{now:yyyyMMdd'T'HHmmss'Z'}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
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
        return new ComparisonFolder(System.IO.Path.GetFullPath(path), Checked(Read(file), file));
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

    public void Finish() => Save(Manifest with
    {
        State = Manifest.Blocks.Count >= Manifest.BlocksAsked ? RunState.Complete : RunState.Partial,
        FinishedUtc = DateTimeOffset.UtcNow,
    });

    private void Save(ComparisonManifest manifest)
    {
        StagedFiles.WriteOne(
            System.IO.Path.Combine(Path, ManifestFile),
            to => JsonSerializer.Serialize(to, manifest, ComparisonJson.Plain.ComparisonManifest));
        Manifest = manifest;
    }

    private static ComparisonManifest Read(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return JsonSerializer.Deserialize(stream, ComparisonJson.Plain.ComparisonManifest)
                ?? throw new RunDamagedException(file, null, "is empty; expected a comparison");
        }
        catch (JsonException e)
        {
            throw new RunDamagedException(file, e.LineNumber + 1, "not the JSON expected here: " + e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunDamagedException(file, null, e.Message, e);
        }
    }

    private static ComparisonManifest Checked(ComparisonManifest manifest, string file)
    {
        if (manifest.SchemaVersion is not (> 0 and <= ComparisonManifest.NewestSchemaVersion))
        {
            throw Bad($"schema version {manifest.SchemaVersion} is not supported (this program reads up to "
                + $"{ComparisonManifest.NewestSchemaVersion})");
        }
        if (manifest.Arms.Count < 1) throw Bad("names no arms; expected at least one");
        if (!(manifest.Threshold >= 0 && double.IsFinite(manifest.Threshold)))
        {
            throw Bad($"threshold {manifest.Threshold} is not a number from 0 up");
        }
        if (manifest.Blocks.Select((block, index) => (block, index))
            .FirstOrDefault(one => one.block.Number != one.index + 1).block is { } odd)
        {
            throw Bad($"block {odd.Number} is out of order; blocks count from 1");
        }
        if (manifest.Blocks.SelectMany(block => block.Runs)
            .FirstOrDefault(run => run.Arm < 0 || run.Arm >= manifest.Arms.Count) is { } stray)
        {
            throw Bad($"a block names arm {stray.Arm}, but there are {manifest.Arms.Count}");
        }
        return manifest;

        RunDamagedException Bad(string why) => new(file, null, why);
    }
}
