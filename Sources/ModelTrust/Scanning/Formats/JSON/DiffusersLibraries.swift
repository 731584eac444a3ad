/// What `model_index.json` of a Diffusers pipeline may name.
enum DiffusersLibraries {
    /// The libraries whose classes are loaded without further code.
    static let known: Set<String> = ["diffusers", "transformers", "onnxruntime", "stable_diffusion", "flax", "optimum"]

    /// The names under which components stand.
    static let components: Set<String> = [
        "unet", "vae", "text_encoder", "text_encoder_2", "text_encoder_3", "tokenizer", "tokenizer_2", "tokenizer_3",
        "scheduler", "safety_checker", "feature_extractor", "image_encoder", "transformer", "transformer_2", "prior",
        "decoder", "controlnet", "vqvae", "movq", "bert", "prior_prior", "image_processor", "mel", "vocoder",
        "processor",
        "image_normalizer", "noise_scheduler", "text_model", "language_model", "projection_model", "adapter", "refiner",
    ]
}
