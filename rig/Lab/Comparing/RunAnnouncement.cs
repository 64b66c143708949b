using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;

namespace Lab.Application.Comparing;

/// <summary>What a run says to who started it, once it has measured: a line of JSON on a descriptor that it was given by
/// <see cref="Variable"/>. Nobody has to search what is printed for people.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="State"><c>complete</c> or <c>partial</c>.</param>
/// <param name="ExitCode">With which the run is about to end, if nothing fails any more.</param>
public sealed record RunAnnouncement(string Folder, string State, int ExitCode)
{
    /// <summary>Environment variable with the number of an inherited descriptor.</summary>
    public const string Variable = "LAB_ANNOUNCE";

    /// <summary>Does nothing where nobody asked; who asked and is gone is no reason to fail.</summary>
    public void Send()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture,
            out int descriptor))
        {
            return;
        }
        try
        {
            using SafeFileHandle handle = new(descriptor, ownsHandle: true);
            using FileStream stream = new(handle, FileAccess.Write, bufferSize: 0);
            stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(this, RunAnnouncementJson.Default.RunAnnouncement), (byte)'\n']);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The folder is there all the same.
        }
    }

    /// <summary>Null if the line is none.</summary>
    public static RunAnnouncement? Read(string? line)
    {
        try
        {
            return line is null ? null : JsonSerializer.Deserialize(line, RunAnnouncementJson.Default.RunAnnouncement);
        }
        catch (JsonException)
        {
            return null; // Killed in the middle of it.
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RunAnnouncement))]
internal sealed partial class RunAnnouncementJson : JsonSerializerContext;
